// SPDX-License-Identifier: Apache-2.0

public import JSONWire
import Dispatch
import Glibc

/// A JSON-RPC client with nothing between it and the socket: octets out, lines in. Its system calls block a thread of
/// its own, never one that the server under test needs.
public final class RawClient: Sendable {
    /// A system call that failed, or a reply that did not come.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
        public init(description: String) { self.description = description }
    }

    private let descriptor: Int32
    private let reading = DispatchQueue(label: "RawClient.reading")
    private let writing = DispatchQueue(label: "RawClient.writing")
    private nonisolated(unsafe) var received: [UInt8] = []  // touched on `reading` alone
    private nonisolated(unsafe) var scanned = 0  // likewise

    /// Connects to the Unix socket at `path`.
    public init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // Everything is set by now, so that `deinit` closes the descriptor; a second time, it could be another's.
        guard result == 0 else { throw Failure(description: "connect \(path): \(String(cString: strerror(errno)))") }
    }

    deinit { Glibc.close(descriptor) }

    /// Sends octets as they are. Errors: `Failure`, when the other side has closed.
    public func send(_ octets: [UInt8]) async throws {
        try await on(writing) { [descriptor] in
            var rest = octets[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { throw Failure(description: "send: \(String(cString: strerror(errno)))") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Sends text as it is.
    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends as much of the octets as is taken without waiting; how much that was.
    public func sendWhatFits(_ octets: [UInt8]) -> Int {
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        return max(0, octets.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, flags) })
    }

    /// The next line without its LF; nil at the end of the stream. Errors: `Failure` after so many seconds.
    public func line(seconds: Int = 60) async throws -> String? {
        try await on(reading) { [self] in
            while true {
                if let position = received[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: received[..<position], as: UTF8.self)
                    received.removeSubrange(...position)
                    scanned = 0
                    return line
                }
                scanned = received.count
                var events = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&events, 1, Int32(seconds * 1000)) > 0 else {
                    throw Failure(description: "no line within \(seconds) s")
                }
                let piece = [UInt8](unsafeUninitializedCapacity: 262_144) { target, count in
                    count = max(0, recv(descriptor, target.baseAddress, target.count, 0))
                }
                guard !piece.isEmpty else { return nil }
                received.append(contentsOf: piece)
            }
        }
    }

    /// The next line as JSON. Errors: `Failure` at the end of the stream.
    public func reply(seconds: Int = 60) async throws -> JSONValue {
        guard let line = try await line(seconds: seconds) else { throw Failure(description: "the stream has ended") }
        return JSONValue(try JSONDocument(Array(line.utf8)).root)
    }

    /// Sends a request and gives the next line. `params` is JSON text.
    public func call(_ method: String, params: String? = nil, id: Int = 1) async throws -> JSONValue {
        let params = params.map { #","params":\#($0)"# } ?? ""
        try await send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(params)}"# + "\n")
        return try await reply()
    }

    /// Sends a line and gives the first piece of what comes back, on the caller's own thread: for when no task runs.
    public func exchange(_ line: String) -> String {
        _ = sendWhatFits(Array((line + "\n").utf8))
        let piece = [UInt8](unsafeUninitializedCapacity: 4096) { target, count in
            count = max(0, recv(descriptor, target.baseAddress, target.count, 0))
        }
        return String(decoding: piece, as: UTF8.self)
    }

    /// Says that nothing more will be sent.
    public func closeSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection both ways.
    public func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func on<Result: Sendable>(
        _ queue: DispatchQueue, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }
}
