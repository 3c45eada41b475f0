// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What servers are known to say where they have no response code for it. Compared in lower case, as parts of a line.
///
/// Each protocol decides what the words mean for a login; words that most servers use with any protocol are here.
public struct ServerWords: Sendable {
    /// ASCII letters in lower case; of a longer line, only the start counts.
    private let octets: [UInt8]
    private static let longest = 1024

    /// Addresses are ignored: a user called `crossley@compass.example` says nothing about SSL or passwords.
    public init(_ octets: some Collection<UInt8>) {
        var octets = octets.prefix(Self.longest).map(\.asciiLowercased)
        var start = 0
        for end in 0...octets.count where end == octets.count || Self.endsAnAddress(octets[end]) {
            if octets[start..<end].contains(UInt8(ascii: "@")) {
                for index in start..<end { octets[index] = UInt8(ascii: "@") }
            }
            start = end + 1
        }
        self.octets = octets
    }

    private static func endsAnAddress(_ octet: UInt8) -> Bool { octet <= 32 || "<>()[]\"'`,;:".utf8.contains(octet) }

    /// Whether the line contains one of `parts`, which are in lower case.
    public func hold(_ parts: [String]) -> Bool {
        octets.withUnsafeBytes { octets in parts.contains { Self.holds(octets, $0) } }
    }

    /// As ``hold(_:)``, but not within other words and names: `ssl` is not in `crossley`, nor in `ssl01.old.example`.
    public func holdWords(_ words: [String]) -> Bool {
        octets.withUnsafeBytes { octets in words.contains { Self.holds(octets, $0, asWord: true) } }
    }

    private static func isWord(_ octets: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        func isPartOfName(_ near: Int, _ far: Int) -> Bool {
            guard octets.indices.contains(near) else { return false }
            if octets[near].isASCIIAlphanumeric { return true }
            return octets[near] == UInt8(ascii: ".") && octets.indices.contains(far) && octets[far].isASCIIAlphanumeric
        }
        return !isPartOfName(range.lowerBound - 1, range.lowerBound - 2)
            && !isPartOfName(range.upperBound, range.upperBound + 1)
    }

    /// Compares octets: comparing text would take milliseconds, as often as a server likes.
    private static func holds(_ octets: UnsafeRawBufferPointer, _ part: String, asWord: Bool = false) -> Bool {
        var part = part
        return part.withUTF8 { part in
            guard let start = part.baseAddress, let first = part.first, var place = octets.baseAddress else {
                return false
            }
            let end = place + octets.count
            while end - place >= part.count, let hit = memchr(place, CInt(first), end - place - part.count + 1) {
                place = UnsafeRawPointer(hit) + 1
                guard memcmp(hit, start, part.count) == 0 else { continue }
                let offset = UnsafeRawPointer(hit) - (end - octets.count)
                if !asWord || isWord(octets, offset..<offset + part.count) { return true }
            }
            return false
        }
    }

    /// The server wants TLS, or a mechanism that hides the password.
    public var wantEncryption: Bool {
        hold([
            "plaintext", "plain text", "plain-text", "cleartext", "clear text",  // Dovecot, Courier, Zimbra
            "encrypt", "secure connection", "secure authentication", "secure login",
        ])
            // Tencent exmail: "please using ssl to login"
            || holdWords(["ssl", "tls", "stls", "starttls", "sslv3"]) || hold(["tlsv1", "tls 1"])
    }

    /// The server is faulty or overloaded.
    public var tellOfLoad: Bool {
        hold([
            // Dovecot 1, Zimbra
            "temporar", "try again later", "try later", "retry later", "later again", "internal error",
            "internal server error", "server busy", "server is busy", "system busy", "too busy", "overload",
            "service unavailable", "service not available", "system error", "database error", "系统繁忙", "稍后",
            "err.login.systembusy",  // NetEase enterprise
        ])
    }

    /// The client comes too often.
    public var tellOfHaste: Bool {
        hold([
            "login delay", "login-delay", "too frequent", "too often", "minimum interval",  // Coremail, Mirapoint
            "频繁", "频率",  // NetEase, Tencent
        ])
    }

    /// The user, or the client, has tried too often to log in.
    public var tellOfTooManyLogins: Bool {
        hold(["too many invalid", "too many failed", "too many login", "too many logon", "too many auth"])
    }

    /// There are other connections of the same user or client.
    public var tellOfTooManyConnections: Bool {
        hold([
            "too many connections", "too many simultaneous", "too many concurrent", "maximum number of connections",
            // Dovecot, Cyrus, qmail
            "maximum connections", "connection limit", "max connections", "connections exceeded",
        ])
    }

    /// The protocol is off for this account.
    public var tellThatServiceIsOff: Bool { hold(["not enabled", "未开启", "已禁用"]) }  // Gmail, NetEase, Tencent
}
