// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A written conversation between this client and an old server; `Conversations/README.md` has the format.
struct Conversation: CustomStringConvertible {
    /// One line of it, in the order of time.
    enum Turn: Equatable {
        /// What the client sends, without its CRLF.
        case client([UInt8])
        /// What the server sends, with the line end it uses.
        case server([UInt8])
        /// The TLS handshake.
        case handshake
        /// The server says nothing for longer than anybody waits.
        case silence
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    let description: String
    /// With the number of the line in the file.
    private(set) var turns: [(line: Int, turn: Turn)] = []
    private var headers: [(name: String, value: String)] = []

    private static let names: Set = [
        "security", "user", "password", "secure", "line ends", "pipelining",
        "login", "tells", "mailbox", "listing", "message", "refused", "deleted", "quit", "error",
    ]

    /// The names of all that are kept.
    static let all: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)  // none: a test says so
        return (files ?? []).filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    }()

    private static let folder = Bundle.module.bundleURL.appending(path: "Conversations")

    init(named name: String) throws {
        try self.init(
            name, text: String(contentsOf: Self.folder.appending(path: "\(name).txt"), encoding: .utf8))
    }

    init(_ name: String, text: String) throws {
        description = name
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            try read(line, number: index + 1)
        }
    }

    private mutating func read(_ line: Substring, number: Int) throws {
        if line.isEmpty || line.hasPrefix("#") { return }
        if line == "(TLS)" { return turns.append((number, .handshake)) }
        if line == "(silence)" { return turns.append((number, .silence)) }
        // `S~` is a line, or a part of one, whose end never comes, or comes with the next.
        if line.hasPrefix("S~") { return turns.append((number, .server(Self.octets(line.dropFirst(3))))) }
        guard let colon = line.firstIndex(of: ":") else {
            throw Unreadable(description: "\(description).txt:\(number): neither a header nor C: nor S:")
        }
        let (name, rest) = (String(line[..<colon]), line[line.index(after: colon)...])
        let value = rest.first == " " ? rest.dropFirst() : rest
        switch name {
        case "C": turns.append((number, .client(Self.octets(value))))
        case "S": turns.append((number, .server(Self.octets(value) + lineEnd)))
        case let name where Self.names.contains(name) && turns.isEmpty: headers.append((name, String(value)))
        default: throw Unreadable(description: "\(description).txt:\(number): nobody knows the header “\(name)”")
        }
    }

    private var lineEnd: [UInt8] { self["line ends"] == "LF" ? [10] : [13, 10] }

    subscript(name: String) -> String? { headers.first { $0.name == name }?.value }

    func values(of name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }

    /// The octets of `text`; `\n` is LF, and `\x` with two hexadecimal digits any octet.
    static func octets(_ text: some StringProtocol) -> [UInt8] {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            if octet == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "n") {
                rest.removeFirst()
                octets.append(10)
            } else if octet == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"),
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                rest = rest.dropFirst(3)
                octets.append(value)
            } else {
                octets.append(octet)
            }
        }
        return octets
    }
}
