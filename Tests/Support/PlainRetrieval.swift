// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc

/// The plainest POP3 client there is: one command, one answer. What it gets is what the server serves.
public enum PlainRetrieval {
    /// A server that answered otherwise.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Every message of a mailbox with its UIDL: octets as they were on the wire, stuffed dots and terminator aside.
    public static func mailbox(
        port: Int, user: String, password: String
    ) async throws -> [(uid: String, octets: [UInt8])] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let line = try Line(port: port)
                        _ = try line.answer()
                        _ = try line.answer(to: "USER \(user)")
                        _ = try line.answer(to: "PASS \(password)")
                        _ = try line.answer(to: "UIDL")
                        let list = String(decoding: try line.text(), as: UTF8.self)
                        let rows = list.split(separator: "\r\n").map { $0.split(separator: " ").map(String.init) }
                        let mailbox = try rows.map { row in
                            _ = try line.answer(to: "RETR \(row[0])")
                            return (uid: row[1], octets: try line.text())
                        }
                        _ = try line.answer(to: "QUIT")
                        return mailbox
                    })
            }
        }
    }

    /// The UIDLs of a mailbox, in order; no message is asked for, which some servers would take for reading.
    public static func uidls(port: Int, user: String, password: String) async throws -> [String] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let line = try Line(port: port)
                        _ = try line.answer()
                        for command in ["USER \(user)", "PASS \(password)", "UIDL"] {
                            _ = try line.answer(to: command)
                        }
                        let list = String(decoding: try line.text(), as: UTF8.self)
                        _ = try line.answer(to: "QUIT")
                        return list.split(separator: "\r\n").map { String($0.split(separator: " ")[1]) }
                    })
            }
        }
    }

    /// Used by one thread.
    private final class Line {
        private let descriptor: CInt
        private var input: [UInt8] = []
        private var position = 0

        init(port: Int) throws { descriptor = try LoopbackSocket.connect(port: port) }

        deinit { close(descriptor) }

        func answer(to command: String? = nil) throws -> String {
            if let command {
                let octets = Array((command + "\r\n").utf8)
                guard send(descriptor, octets, octets.count, CInt(MSG_NOSIGNAL)) == octets.count else {
                    throw Failure(description: "\(command) could not be sent")
                }
            }
            let answer = String(decoding: try line(), as: UTF8.self)
            guard answer.hasPrefix("+OK") else { throw Failure(description: "\(command ?? "greeting"): \(answer)") }
            return answer
        }

        /// RFC 1939 §3.
        func text() throws -> [UInt8] {
            var text: [UInt8] = []
            while true {
                let line = try line()
                if line.elementsEqual([UInt8(ascii: "."), 13, 10]) { return text }
                text += line.first == UInt8(ascii: ".") ? line.dropFirst() : line
            }
        }

        /// Up to the next CRLF, which it includes.
        private func line() throws -> ArraySlice<UInt8> {
            var scanned = position
            while true {
                while let end = input[scanned...].firstIndex(of: 10) {
                    scanned = end + 1
                    guard end > position, input[end - 1] == 13 else { continue }
                    defer { position = scanned }
                    return input[position..<scanned]
                }
                scanned = input.count
                if position > 1 << 20 {
                    input.removeSubrange(..<position)
                    scanned -= position
                    position = 0
                }
                var octets = [UInt8](repeating: 0, count: 262_144)
                let count = recv(descriptor, &octets, octets.count, 0)
                guard count > 0 else { throw Failure(description: "the server hung up") }
                input += octets[..<count]
            }
        }
    }
}
