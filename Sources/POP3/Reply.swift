// SPDX-License-Identifier: Apache-2.0

import MailSession

/// The server's answer to a command, in words for people.
public struct Reply: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// `+OK`
        case ok
        /// `-ERR`
        case error
        /// `+ `: the server asks for more (RFC 5034 §4).
        case continuation
    }

    public let kind: Kind
    /// RFC 2449 §8.
    public let code: ResponseCode?
    /// The text after the indicator and the code: one line, scrubbed of the password, with unprintable octets replaced.
    public let text: String

    init(_ line: StatusLine, scrubber: Scrubber) {
        self.kind = line.kind
        self.code = line.code
        self.text = scrubber.text(of: line.wording)
    }

    /// As the server wrote it.
    public var description: String {
        let indicator =
            switch kind {
            case .ok: "+OK"
            case .error: "-ERR"
            case .continuation: "+"
            }
        return [indicator, code.map { "[\($0.name)]" } ?? "", text].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// An extended response code (RFC 2449 §8), in upper case: `IN-USE`, `SYS/TEMP`.
public struct ResponseCode: Hashable, Sendable {
    public let name: String

    /// Whether it is `other`, or says the same in more detail: codes are hierarchical (RFC 2449 §8).
    public func isWithin(_ other: ResponseCode) -> Bool { name == other.name || name.hasPrefix("\(other.name)/") }

    /// RFC 2449 §8.1.1
    public static let loginDelay = ResponseCode(name: "LOGIN-DELAY")
    /// RFC 2449 §8.1.2
    public static let inUse = ResponseCode(name: "IN-USE")
    /// RFC 3206 §4
    public static let systemTemporary = ResponseCode(name: "SYS/TEMP")
    /// RFC 3206 §4
    public static let systemPermanent = ResponseCode(name: "SYS/PERM")
    /// RFC 3206 §5
    public static let authentication = ResponseCode(name: "AUTH")
    /// RFC 6856 §5
    public static let utf8 = ResponseCode(name: "UTF8")
}

/// A status line, in octets (RFC 1939 §3).
public struct StatusLine: Hashable, Sendable {
    let kind: Reply.Kind
    /// What follows the indicator and one space.
    let octets: [UInt8]

    /// Some servers answer `+ok`, or `+OK` and nothing else. Nothing more is tolerated, because this decides whether a
    /// password is right.
    init?(_ line: some Collection<UInt8>) {
        func has(_ indicator: String) -> Bool {
            guard line.count >= indicator.utf8.count else { return false }
            guard zip(line, indicator.utf8).allSatisfy({ $0.asciiUppercased == $1 }) else { return false }
            guard let next = line.dropFirst(indicator.utf8.count).first else { return true }
            return !next.isASCIIAlphanumeric && next != UInt8(ascii: "-") && next != UInt8(ascii: "_")
        }
        let length: Int
        if has("+OK") {
            (kind, length) = (.ok, 3)
        } else if has("-ERR") {
            (kind, length) = (.error, 4)
        } else if line.first == UInt8(ascii: "+"), line.dropFirst().first.map({ $0 == UInt8(ascii: " ") }) ?? true {
            (kind, length) = (.continuation, 1)
        } else {
            return nil
        }
        let rest = line.dropFirst(length)
        octets = Array(rest.first == UInt8(ascii: " ") ? rest.dropFirst() : rest)
    }

    /// The response code, where the line begins with one: `[` 1 to 64 octets `]`.
    private var codeEnd: Int? {
        guard octets.first == UInt8(ascii: "["), let end = octets.prefix(66).firstIndex(of: UInt8(ascii: "]")), end > 1
        else { return nil }
        return end
    }

    var code: ResponseCode? {
        guard kind != .continuation, let codeEnd else { return nil }
        let name = octets[1..<codeEnd].prefix { $0 != UInt8(ascii: " ") }
        guard name.allSatisfy({ (33...126).contains($0) }) else { return nil }
        return ResponseCode(name: String(decoding: name.map(\.asciiUppercased), as: UTF8.self))
    }

    /// The line without indicator and code.
    var wording: ArraySlice<UInt8> {
        guard kind != .continuation, let codeEnd else { return octets[...] }
        return octets[(codeEnd + 1)...].drop { $0 == UInt8(ascii: " ") }
    }
}
