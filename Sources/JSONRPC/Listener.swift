// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A Unix socket for clients, and the role it gives them.
public struct Listener<Role: Sendable & Hashable>: Sendable {
    /// Where the socket comes from.
    public enum Source: Sendable {
        /// A socket that already listens, as handed over by systemd. The server takes it over and closes it in the end,
        /// and does nothing else to it, since the service manager has it too.
        case inherited(descriptor: Int32)

        /// A socket created at `path` with these mode bits, and removed in the end. One that nobody serves any more is
        /// replaced.
        case path(String, mode: UInt32 = 0o660)
    }

    public var role: Role
    public var source: Source

    public init(role: Role, source: Source) {
        self.role = role
        self.source = source
    }

    /// The listening descriptor, and the file to be removed in the end.
    func open() throws(ListenError) -> (descriptor: Int32, file: SocketFile?) {
        switch source {
        case .inherited(let descriptor):
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw ListenError(code: .system, subject: "descriptor \(descriptor)", errno: errno)
            }
            return (descriptor, nil)
        case .path(let path, let mode):
            let (descriptor, file) = try SocketFile.listen(path, mode: mode)
            return (descriptor, file)
        }
    }
}

/// A socket's file, identified by device and inode, so that only our own is ever removed.
struct SocketFile: Sendable {
    let path: String
    private let device: dev_t
    private let inode: ino_t

    static func listen(_ path: String, mode: UInt32) throws(ListenError) -> (Int32, SocketFile) {
        func failed(_ code: ListenError.Code = .system) -> ListenError {
            ListenError(code: code, subject: path, errno: errno)
        }
        guard var address = sockaddr_un(path: path) else { throw failed(.pathTooLong) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failed() }
        var isListening = false
        defer { if !isListening { close(descriptor) } }

        try removeStale(path, &address)
        // The file gets the mode of the socket (unix(7) on Linux), less the umask: never more than is meant.
        guard fchmod(descriptor, mode) == 0,
            address.withPointer({ bind(descriptor, $0, $1) }) == 0
        else { throw errno == EADDRINUSE ? failed(.inUse) : failed() }
        var status = stat()
        guard chmod(path, mode) == 0, lstat(path, &status) == 0, Glibc.listen(descriptor, 4096) == 0 else {
            throw failed()
        }
        isListening = true
        return (descriptor, SocketFile(path: path, device: status.st_dev, inode: status.st_ino))
    }

    /// Removes the file of a process that did not end cleanly.
    private static func removeStale(_ path: String, _ address: inout sockaddr_un) throws(ListenError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ListenError(code: .notASocket, subject: path, errno: 0)
        }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw ListenError(code: .system, subject: path, errno: errno) }
        defer { close(probe) }
        // Refused means that nobody listens. Anything else, even a full backlog, means that somebody does.
        guard address.withPointer({ connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw ListenError(code: .inUse, subject: path, errno: 0)
        }
        unlink(path)
    }

    /// Removes the file, unless another has taken its place.
    func remove() {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_dev == device, status.st_ino == inode else { return }
        unlink(path)
    }
}

extension sockaddr_un {
    /// Nil if the path is too long.
    init?(path: String) {
        self.init()
        sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &sun_path) { target in
            guard octets.count < target.count else { return false }
            target.copyBytes(from: octets)
            return true
        }
        guard fits else { return nil }
    }

    mutating func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: &self) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}
