// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A written conversation between this client and a server; `Conversations/README.md` has the format.
struct Conversation {
    enum Turn: Equatable {
        /// What is begun here.
        case action([String])
        /// A line that the client sends, without its CRLF.
        case client([UInt8])
        /// What the server sends, with its line end.
        case server([UInt8])
        /// What comes of it.
        case event(String)
        /// The server hangs up.
        case end
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    let name: String
    private(set) var turns: [(line: Int, turn: Turn)] = []
    private(set) var headers: [String: String] = [:]

    /// The names of all that are kept.
    static let all: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: folder.path)  // none: a test says so
        return (files ?? []).filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
    }()

    private static let folder = Bundle.module.bundleURL.appending(path: "Conversations")

    init(named name: String) throws {
        self.name = name
        let text = try String(contentsOf: Self.folder.appending(path: "\(name).txt"), encoding: .utf8)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            turns.append((index + 1, try turn(line, number: index + 1)))
        }
        turns.removeAll { $0.turn == .action([]) }
    }

    private mutating func turn(_ line: Substring, number: Int) throws -> Turn {
        if line == "(end)" { return .end }
        for (mark, make) in Self.marks where line.hasPrefix(mark) {
            return make(line.dropFirst(mark.count).drop { $0 == " " })
        }
        if line.hasPrefix("C: ") { return .client(Self.octets(line.dropFirst(3))) }
        if line.hasPrefix("S~ ") { return .server(Self.octets(line.dropFirst(3))) }
        if line.hasPrefix("S:") {
            let text = line.dropFirst(2)
            return .server(Self.octets(text.first == " " ? text.dropFirst() : text) + [13, 10])
        }
        guard let colon = line.firstIndex(of: ":"), ["tls", "verdict", "folders"].contains(String(line[..<colon]))
        else {
            throw Unreadable(description: "\(name).txt:\(number): nobody knows what this line is")
        }
        headers[String(line[..<colon])] = String(line[line.index(after: colon)...].drop { $0 == " " })
        return .action([])
    }

    private static let marks: [(String, @Sendable (Substring) -> Turn)] = [
        ("do:", { .action($0.split(separator: " ").map(String.init)) }), ("=>", { .event(String($0)) }),
    ]

    /// The octets of `text`; `\n` is LF, and `\x` with two hexadecimal digits any octet.
    private static func octets(_ text: Substring) -> [UInt8] {
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
