// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A mail program that looks into a mailbox by IMAP, as a user would: what is there, in whatever folder.
///
/// `@unchecked`: used by one task at a time, as tests do.
public final class IMAPReader: @unchecked Sendable {
    public struct Message: Equatable, Sendable {
        public var flags: Set<String>
        /// As the server writes it.
        public var date: String
        /// Lines ended by CRLF.
        public var octets: [UInt8]
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let descriptor: CInt
    private var input: [UInt8] = []
    private var number = 0

    public init(port: Int, user: String, password: String) throws {
        descriptor = try LoopbackSocket.connect(port: port)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        _ = try line()
        try tell("LOGIN \"\(user)\" \"\(password)\"")
    }

    deinit { close(descriptor) }

    public func leave() { _ = try? tell("LOGOUT") }

    /// What the server says to a command; throws unless it says OK.
    @discardableResult
    public func tell(_ command: String) throws -> [(line: String, literals: [[UInt8]])] {
        number += 1
        try send("t\(number) \(command)\r\n")
        var answers: [(line: String, literals: [[UInt8]])] = []
        while true {
            let answer = try response()
            guard answer.line.hasPrefix("t\(number) ") else {
                answers.append(answer)
                continue
            }
            guard answer.line.hasPrefix("t\(number) OK") else { throw Failure(description: answer.line) }
            return answers
        }
    }

    /// The names of folders that can be opened, as on the wire.
    public func folders() throws -> [String] {
        try tell("LIST \"\" \"*\"").compactMap { line, _ in
            guard line.hasPrefix("* LIST"), !line.lowercased().contains("noselect") else { return nil }
            return line.split(separator: " ").last.map { $0.trimmingCharacters(in: ["\""]) }
        }
    }

    /// What a folder shows, in its order.
    public func messages(in folder: String) throws -> [Message] {
        let opened = try tell("EXAMINE \"\(folder)\"")
        guard opened.contains(where: { $0.line.hasSuffix("EXISTS") && $0.line != "* 0 EXISTS" }) else { return [] }
        return try tell("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").compactMap { line, literals in
            guard let octets = literals.first, let flags = line.firstMatch(of: #/FLAGS \(([^)]*)\)/#)?.1,
                let date = line.firstMatch(of: #/INTERNALDATE "([^"]*)"/#)?.1
            else { return nil }
            let all = Set(flags.split(separator: " ").map(String.init)).subtracting(["\\Recent"])
            return Message(flags: all, date: date.trimmingCharacters(in: [" "]), octets: octets)
        }
    }

    private func send(_ text: String) throws {
        let octets = Array(text.utf8)
        guard Glibc.send(descriptor, octets, octets.count, CInt(MSG_NOSIGNAL)) == octets.count else {
            throw Failure(description: "\(text) could not be sent")
        }
    }

    /// A response with its literals, which are left out of its text.
    private func response() throws -> (line: String, literals: [[UInt8]]) {
        var (text, literals) = ("", [[UInt8]]())
        while true {
            let line = try line()
            text += line
            guard let count = line.firstMatch(of: #/\{(\d+)\}$/#).flatMap({ Int($0.1) }) else {
                return (text, literals)
            }
            while input.count < count { try receive() }
            literals.append(Array(input[..<count]))
            input.removeSubrange(..<count)
        }
    }

    private func line() throws -> String {
        while true {
            if let end = input.firstIndex(of: 10) {
                defer { input.removeSubrange(...end) }
                return String(decoding: input[..<end].filter { $0 != 13 }, as: UTF8.self)
            }
            try receive()
        }
    }

    private func receive() throws {
        var octets = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &octets, octets.count, 0)
        guard count > 0 else { throw Failure(description: "the server hung up, or is silent") }
        input += octets[..<count]
    }
}
