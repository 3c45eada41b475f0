// SPDX-License-Identifier: Apache-2.0

import MailSession
import Secrets

/// `APOP` (RFC 1939 §7): the MD5 digest of the greeting's timestamp and the password.
struct APOP: Sendable {
    /// With its angle brackets.
    let timestamp: [UInt8]

    /// nil if the greeting holds no timestamp in the form of a msg-id. Accepting anything looser would let somebody in
    /// between choose octets that make MD5 collide (CVE-2007-1558).
    init?(greeting: StatusLine) {
        guard let start = greeting.octets.lastIndex(of: UInt8(ascii: "<")),
            let end = greeting.octets[start...].firstIndex(of: UInt8(ascii: ">"))
        else { return nil }
        let inside = greeting.octets[(start + 1)..<end]
        let parts = inside.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), inside.count <= 250,
            inside.allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") })
        else { return nil }
        timestamp = Array(greeting.octets[start...end])
    }

    func command(user: String, password: Password) -> SecretOctets {
        let digest = password.withOctets { password in timestamp.withUnsafeBytes { MD5.digest($0, password) } }
        return MD5.hexadecimal(digest).withUnsafeBytes { SecretOctets("APOP \(user) ", $0) }
    }
}
