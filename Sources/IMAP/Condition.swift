// SPDX-License-Identifier: Apache-2.0

/// What a server says about a command, or about itself (RFC 3501 §7.1).
public struct Condition: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case ok
        case no
        case bad
        /// Never the answer to a command: the connection ends.
        case bye
        /// Only as a greeting: somebody is already logged in.
        case preauthenticated
    }

    public var kind: Kind
    public var code: ResponseCode?
    /// Words for people, as octets; they may hold a password, and are to be scrubbed before anyone sees them.
    public var text: [UInt8]

    /// Parses `OK`, `NO`, `BAD`, `BYE` or `PREAUTH` and what follows. Differences in case and missing words are
    /// tolerated, nothing else: this decides whether a password is right.
    init?(_ reader: inout Reader) {
        guard let word = try? reader.atom() else { return nil }
        let kinds: [(StaticString, Kind)] = [
            ("OK", .ok), ("NO", .no), ("BAD", .bad), ("BYE", .bye), ("PREAUTH", .preauthenticated),
        ]
        guard let kind = kinds.first(where: { word.isKeyword($0.0) })?.1 else { return nil }
        self.kind = kind
        reader.skipSpaces()
        code = ResponseCode(&reader)
        reader.skipSpaces()
        text = Array(reader.rest)
    }

    /// Milliseconds for which Exchange wants to be left alone ("Suggested Backoff Time: 2500 milliseconds"); an hour at
    /// most.
    public var suggestedBackoff: Int? {
        let words = text.prefix(1024).split { !$0.isASCIIAlphanumeric }
        guard let index = words.firstIndex(where: { $0.isKeyword("BACKOFF") }), index + 2 < words.count,
            words[index + 1].isKeyword("TIME"), words[index + 2].allSatisfy(\.isASCIIDigit)
        else { return nil }
        return min(Int(saturating: words[index + 2]), 3_600_000)
    }

    public init(_ kind: Kind, code: ResponseCode? = nil, text: String = "") {
        (self.kind, self.code, self.text) = (kind, code, Array(text.utf8))
    }
}
