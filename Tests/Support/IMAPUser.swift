// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A user's mail program, by IMAP: fills mailboxes, reads them whole, and does in them what users do.
///
///     let image = try await IMAPUser.run(port: port, user: "ann@example.com", password: "hers") { try $0.mailbox() }
///
/// Folders have the names that people see, with `/` between levels, and without the server's prefix.
public final class IMAPUser {
    public struct Message: Hashable, Sendable, CustomStringConvertible {
        /// Without `\Recent`, sorted.
        public var flags: [String]
        /// Seconds since 1970.
        public var date: Int
        public var octets: [UInt8]

        public init(_ octets: [UInt8], flags: [String] = [], date: Int) {
            (self.octets, self.flags, self.date) = (octets, flags.sorted(), date)
        }

        public var description: String {
            let text = String(decoding: octets.prefix(60), as: UTF8.self)
            return "\(octets.count) octets \(flags) \(date): \(text.debugDescription)"
        }
    }

    public struct Folder: Hashable, Sendable {
        public var messages: [Message]
        public var isSubscribed: Bool

        public init(_ messages: [Message] = [], isSubscribed: Bool = true) {
            (self.messages, self.isSubscribed) = (messages, isSubscribed)
        }
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let line: OctetLine
    private let prefix: String
    private var delimiter: String
    private var number = 0

    /// Logs in, and runs `body` in a thread of its own.
    /// - Parameters:
    ///   - prefix: what the server puts before all personal folders but the inbox.
    ///   - delimiter: what it puts between levels.
    public static func run<Result: Sendable>(
        port: Int, user: String, password: String, prefix: String = "", delimiter: String = ".",
        _ body: @escaping @Sendable (IMAPUser) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Swift.Result {
                        let session = try IMAPUser(port: port, prefix: prefix, delimiter: delimiter)
                        try session.command("LOGIN \(quoted(user)) \(quoted(password))")
                        let result = try body(session)
                        try session.command("LOGOUT")
                        return result
                    })
            }
        }
    }

    private init(port: Int, prefix: String, delimiter: String) throws {
        (self.prefix, self.delimiter) = (prefix, delimiter)
        line = try OctetLine(port: port)
        _ = try line.next()
    }

    // MARK: What users do

    public func fill(_ folders: [String: Folder]) throws {
        for (name, folder) in folders.sorted(by: { $0.key < $1.key }) {
            if name != "INBOX" { try command("CREATE \(wire(name))") }
            if folder.isSubscribed { try command("SUBSCRIBE \(wire(name))") }
            for message in folder.messages { try append(message, to: name) }
        }
    }

    public func append(_ message: Message, to folder: String) throws {
        let flags = message.flags.joined(separator: " ")
        _ = try command(
            "APPEND \(wire(folder)) (\(flags)) \"\(Self.date(message.date))\" {\(message.octets.count)}",
            literal: message.octets)
    }

    /// Opens a folder for what follows.
    public func select(_ folder: String) throws { try command("SELECT \(wire(folder))") }

    /// Says something about messages of the open folder.
    @discardableResult
    public func command(_ text: String) throws -> [[UInt8]] { try command(text, literal: nil) }

    public func create(_ folder: String) throws { try command("CREATE \(wire(folder))") }

    public func move(_ numbers: String, to folder: String) throws {
        try command("COPY \(numbers) \(wire(folder))")
        try command("STORE \(numbers) +FLAGS.SILENT (\\Deleted)")
        try command("EXPUNGE")
    }

    // MARK: What is there

    /// All folders that messages can be in, whole.
    public func mailbox() throws -> [String: Folder] {
        let subscribed = Set(try names("LSUB"))
        var mailbox: [String: Folder] = [:]
        for name in try names("LIST") {
            mailbox[name] = Folder(try messages(of: name), isSubscribed: subscribed.contains(name))
        }
        return mailbox
    }

    public func messages(of folder: String) throws -> [Message] {
        let opened = try command("EXAMINE \(wire(folder))")
        let isEmpty = opened.contains { String(decoding: $0, as: UTF8.self) == "* 0 EXISTS" }
        guard !isEmpty else { return [] }
        return try command("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").compactMap(Self.message)
    }

    private func names(_ verb: String) throws -> [String] {
        try command("\(verb) \"\" \"*\"").compactMap { line in
            let text = String(decoding: line, as: UTF8.self)
            guard text.hasPrefix("* \(verb) ("), let end = text.firstIndex(of: ")") else { return nil }
            let attributes = text[..<end].lowercased()
            if attributes.contains("\\noselect") || attributes.contains("\\nonexistent") { return nil }
            var rest = text[end...].dropFirst(2)
            delimiter = rest.hasPrefix("NIL") ? delimiter : String(rest.dropFirst().prefix(1))
            rest = rest.drop { $0 != " " }.dropFirst()
            return seen(rest.hasPrefix("\"") ? String(rest.dropFirst().dropLast()) : String(rest))
        }
    }

    /// A `FETCH` response with its literal.
    private static func message(_ response: [UInt8]) -> Message? {
        guard let mark = response.firstRange(of: Array("BODY[] {".utf8)),
            let end = response[mark.upperBound...].firstIndex(of: UInt8(ascii: "}")),
            let count = Int(String(decoding: response[mark.upperBound..<end], as: UTF8.self))
        else { return nil }
        let start = end + 3
        let octets = Array(response[start..<(start + count)])
        let rest = String(decoding: response[..<mark.lowerBound] + response[(start + count)...], as: UTF8.self)
        func part(_ begin: String, _ end: Character) -> String? {
            guard let range = rest.firstRange(of: begin) else { return nil }
            return String(rest[range.upperBound...].prefix { $0 != end })
        }
        let flags = part("FLAGS (", ")")?.split(separator: " ").map(String.init).filter { $0 != "\\Recent" } ?? []
        return Message(octets, flags: flags, date: part("INTERNALDATE \"", "\"").flatMap(seconds) ?? 0)
    }

    // MARK: The wire

    private func command(_ text: String, literal: [UInt8]?) throws -> [[UInt8]] {
        number += 1
        let tag = "t\(number)"
        try line.send(Array("\(tag) \(text)\r\n".utf8))
        var responses: [[UInt8]] = []
        while true {
            let response = try line.response()
            if response.first == UInt8(ascii: "+"), let literal {
                try line.send(literal + [13, 10])
            } else if response.starts(with: Array("\(tag) ".utf8)) {
                guard response.dropFirst(tag.utf8.count + 1).starts(with: Array("OK".utf8)) else {
                    throw Failure(description: "\(text): \(String(decoding: response, as: UTF8.self))")
                }
                return responses
            } else {
                responses.append(response)
            }
        }
    }

    private func wire(_ name: String) -> String {
        let levels = name.split(separator: "/").map { ModifiedUTF7.encode(String($0)) }
        return Self.quoted((name == "INBOX" ? "" : prefix) + levels.joined(separator: delimiter))
    }

    private func seen(_ name: String) -> String {
        let own = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        return own.components(separatedBy: delimiter).map(ModifiedUTF7.decode).joined(separator: "/")
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func formatter() -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "dd-MMM-yyyy HH:mm:ss Z"
        return formatter
    }

    private static func date(_ seconds: Int) -> String {
        formatter().string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
    }

    private static func seconds(_ text: String) -> Int? {
        (formatter().date(from: text.trimmingCharacters(in: .whitespaces))?.timeIntervalSince1970).map { Int($0) }
    }
}
