// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A connection to loopback, used by one thread: octets out, lines with their literals in.
final class OctetLine {
    private let descriptor: CInt
    private var received: [UInt8] = []
    private var start = 0

    init(port: Int) throws {
        descriptor = try LoopbackSocket.connect(port: port)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ octets: [UInt8]) throws {
        var rest = octets[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw IMAPUser.Failure(description: "send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    /// Without its line end.
    func next() throws -> [UInt8] {
        if start > 1 << 20 {
            received.removeSubrange(..<start)
            start = 0
        }
        var from = start
        while true {
            if let end = received[from...].firstIndex(of: 10) {
                defer { start = end + 1 }
                return Array(received[start..<(end > start && received[end - 1] == 13 ? end - 1 : end)])
            }
            from = received.count
            try more()
        }
    }

    /// A line and its literals, and what follows them.
    func response() throws -> [UInt8] {
        var result = try next()
        while result.last == UInt8(ascii: "}"), let open = result.lastIndex(of: UInt8(ascii: "{")),
            let count = Int(String(decoding: result[(open + 1)...].dropLast(), as: UTF8.self))
        {
            while received.count - start < count { try more() }
            result += [13, 10] + received[start..<(start + count)]
            start += count
            result += try next()
        }
        return result
    }

    private func more() throws {
        let piece = [UInt8](unsafeUninitializedCapacity: 262_144) { target, count in
            count = max(0, recv(descriptor, target.baseAddress, target.count, 0))
        }
        guard !piece.isEmpty else { throw IMAPUser.Failure(description: "the server has hung up, or is silent") }
        received += piece
    }
}
