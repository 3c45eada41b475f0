// SPDX-License-Identifier: Apache-2.0

import ChildPrograms
import Glibc
public import Vocabulary
import Waiting

/// Takes news to a Unix socket, or to a program.
///
/// Both block, so this is done on a thread of its own, one at a time; and neither may take long.
public enum NoticeTarget {
    /// Why somebody could not be told.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What happened, for the administrator.
        public let description: String
    }

    private static let pool = WorkerPool("notices", threads: 1)

    /// For a socket to take it, and for a program to end.
    static let socketPatience = Duration.seconds(10)
    static let programPatience = Duration.seconds(60)

    /// Returns when the socket has taken the octets, or the program has ended well.
    /// - Throws: ``Failure``.
    public static func deliver(_ octets: [UInt8], to address: NoticeAddress) async throws {
        try await deliver(octets, to: address, socketPatience: socketPatience, programPatience: programPatience)
    }

    static func deliver(
        _ octets: [UInt8], to address: NoticeAddress, socketPatience: Duration, programPatience: Duration
    ) async throws {
        let result = await pool.run { () -> Result<Void, Failure> in
            Result { () throws(Failure) in
                switch address {
                case .socket(let path): try send(octets, to: path, patience: socketPatience)
                case .program(let path): try tell(path, octets, patience: programPatience)
                }
            }
        }
        try result.get()
    }

    /// What it prints is discarded, what it complains of goes where the daemon's own complaints go.
    private static func tell(_ path: String, _ octets: [UInt8], patience: Duration) throws(Failure) {
        do throws(ChildProgram.Failure) {
            _ = try ChildProgram(path: path).run(octets, patience: patience)
        } catch {
            throw Failure(description: error.description)
        }
    }

    private static func send(_ octets: [UInt8], to path: String, patience: Duration) throws(Failure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { place in
            guard name.count < place.count else { return false }
            place.copyBytes(from: name)
            return true
        }
        guard fits else { throw Failure(description: "the socket's path is too long: \(path)") }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("no socket can be made") }
        defer { close(descriptor) }
        // It bounds connect(2) as well (unix(7)).
        var limit = timeval(patience)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { throw .system("nobody takes news at \(path)") }
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("\(path) does not take all of it") }
            sent += count
        }
    }
}

extension NoticeTarget.Failure {
    static func system(_ what: String) -> NoticeTarget.Failure {
        NoticeTarget.Failure(description: "\(what): \(String(cString: strerror(errno)))")
    }
}

extension timeval {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    }
}
