// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Records
import Vocabulary

/// A position in a sort: the account's key, and its address to distinguish equal keys.
package struct LogPosition {
    package var id: AccountRecord.ID
    /// The sort's column as in the index: the status's code in the sort by status, 0 in the sort by address.
    package var key: Int64
    package var address: String

    package init(id: AccountRecord.ID, key: Int64, address: String) {
        self.id = id
        self.key = key
        self.address = address
    }

    /// The same order as the indexes'.
    package func precedes(_ other: Self) -> Bool {
        guard key == other.key else { return key < other.key }
        return address.utf8.lexicographicallyPrecedes(other.address.utf8)
    }
}

/// Where a page of the log ended: `log`, domain, sort, direction, key, address, a line each, in base64url
/// (RFC 4648 §5).
package struct LogCursor {
    package let position: LogPosition
    package let text: String

    package init(position: LogPosition, of query: LogQuery) {
        self.position = position
        text = Cursor.encode(Self.head(of: query) + [String(position.key), position.address])
    }

    /// - Throws: `InvalidCursor` if `text` was given for another domain, sort or direction, or never.
    package init(_ text: String, of query: LogQuery) throws {
        let head = Self.head(of: query)
        let lines = try Cursor.decode(text)
        guard lines.count == head.count + 2, Array(lines.prefix(head.count)) == head,
            let key = Int64(lines[head.count]), lines[head.count + 1].hasSuffix("@\(query.domain)")
        else { throw InvalidCursor() }
        self.text = text
        position = LogPosition(id: 0, key: key, address: lines[head.count + 1])
    }

    private static func head(of query: LogQuery) -> [String] {
        ["log", query.domain.name, query.sort.rawValue, query.descending ? "descending" : "ascending"]
    }
}

/// Where a page of events ended: `events`, their subject and the last one's id.
package struct EventCursor {
    package let id: Int64
    package let text: String

    package init(id: Int64, of query: EventQuery) {
        self.id = id
        text = Cursor.encode(Self.head(of: query) + [String(id)])
    }

    /// - Throws: `InvalidCursor` if `text` was given for another subject, or never.
    package init(_ text: String, of query: EventQuery) throws {
        let head = Self.head(of: query)
        let lines = try Cursor.decode(text)
        guard lines.count == head.count + 1, Array(lines.prefix(head.count)) == head, let id = Int64(lines[head.count])
        else { throw InvalidCursor() }
        self.text = text
        self.id = id
    }

    private static func head(of query: EventQuery) -> [String] {
        switch query.subject {
        case .account(let address): ["events", "account", address.key]
        case .domain(let domain): ["events", "domain", domain.name]
        }
    }
}

private enum Cursor {
    static func encode(_ lines: [String]) -> String {
        Data(lines.joined(separator: "\n").utf8).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    static func decode(_ text: String) throws -> [String] {
        guard text.utf8.count <= 4096 else { throw InvalidCursor() }
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/") + padding
        guard let data = Data(base64Encoded: standard), let lines = String(data: data, encoding: .utf8) else {
            throw InvalidCursor()
        }
        return lines.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
