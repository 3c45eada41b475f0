// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Logs in as a mail program does, by AUTH PLAIN, and shows what the server says to it.
public enum MailLogin {
    public enum Access: String, Sendable, CaseIterable {
        case imap, pop3, smtp
    }

    /// A server that hung up, or is silent.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The line in which the server takes or refuses the password: its status word and text, an IMAP tag aside.
    ///
    /// - Parameter address: where the client says it is forwarding from, as a webmail or proxy does.
    public static func answer(
        _ access: Access, port: Int, user: String, password: [UInt8], from address: String? = nil
    ) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let line = try Line(port: port)
                        let plain = Data([0] + Array(user.utf8) + [0] + password).base64EncodedString()
                        switch access {
                        case .imap: return try imap(line, plain, address)
                        case .pop3: return try pop3(line, plain, address)
                        case .smtp: return try smtp(line, plain, address)
                        }
                    })
            }
        }
    }

    private static func imap(_ line: Line, _ plain: String, _ address: String?) throws -> String {
        _ = try line.next()
        if let address {
            try line.send(#"i ID ("x-originating-ip" "\#(address)" "x-originating-port" "4711")"#)
            while try !line.next().hasPrefix("i ") {}
        }
        try line.send("a AUTHENTICATE PLAIN \(plain)")
        while true {
            let answer = try line.next()
            if answer.hasPrefix("a ") { return String(answer.dropFirst(2)) }
            if answer.hasPrefix("* BYE") { throw Failure(description: answer) }
        }
    }

    private static func pop3(_ line: Line, _ plain: String, _ address: String?) throws -> String {
        _ = try line.next()
        if let address {
            try line.send("XCLIENT ADDR=\(address)")
            _ = try line.next()
        }
        try line.send("AUTH PLAIN \(plain)")
        return try line.next()
    }

    private static func smtp(_ line: Line, _ plain: String, _ address: String?) throws -> String {
        _ = try line.replies()
        try line.send("EHLO client.example.net")
        _ = try line.replies()
        if let address {
            try line.send("XCLIENT ADDR=\(address)")
            _ = try line.replies()
            try line.send("EHLO client.example.net")
            _ = try line.replies()
        }
        try line.send("AUTH PLAIN \(plain)")
        return try line.replies()
    }

    /// Used by one thread.
    private final class Line {
        private let descriptor: CInt
        private var input: [UInt8] = []

        init(port: Int) throws {
            descriptor = try LoopbackSocket.connect(port: port)
            var patience = timeval(tv_sec: 120, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        }

        deinit { close(descriptor) }

        func send(_ text: String) throws {
            let octets = Array((text + "\r\n").utf8)
            guard Glibc.send(descriptor, octets, octets.count, CInt(MSG_NOSIGNAL)) == octets.count else {
                throw Failure(description: "\(text) could not be sent")
            }
        }

        func next() throws -> String {
            while true {
                if let end = input.firstIndex(of: 10) {
                    defer { input.removeSubrange(...end) }
                    return String(decoding: input[..<end].filter { $0 != 13 }, as: UTF8.self)
                }
                var octets = [UInt8](repeating: 0, count: 4096)
                let count = recv(descriptor, &octets, octets.count, 0)
                guard count > 0 else { throw Failure(description: "the server hung up, or is silent") }
                input += octets[..<count]
            }
        }

        /// RFC 5321 §4.2: the last line of a reply has a space behind its code.
        func replies() throws -> String {
            while true {
                let line = try next()
                if line.dropFirst(3).first != "-" { return line }
            }
        }
    }
}
