// SPDX-License-Identifier: Apache-2.0

extension PlatformHash {
    /// More rounds take over a second.
    private static let mostRounds = 5_000_000

    /// `$1$salt$rounds$hexadecimal`: SHA-1; the salt is taken as it is written.
    static func pbkdf2(ofDovecot hash: String) -> Form? {
        let fields = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5, let expected = Octets.hexadecimal(fields[4]), expected.count == Digest.sha1.count
        else { return nil }
        return pbkdf2(.sha1, Array(fields[2].utf8), fields[3], expected)
    }

    /// `$pbkdf2-sha256$rounds$salt$digest`; without a name it is SHA-1.
    static func pbkdf2(ofPasslib fields: [Substring]) -> Form? {
        let digest: Digest
        switch fields[1] {
        case "pbkdf2": digest = .sha1
        case "pbkdf2-sha256": digest = .sha256
        case "pbkdf2-sha512": digest = .sha512
        default: return nil
        }
        guard fields.count == 5, let salt = Octets.base64(fields[3]), let expected = Octets.base64(fields[4]),
            expected.count == digest.count
        else { return nil }
        return pbkdf2(digest, salt, fields[2], expected)
    }

    /// `{PBKDF2-SHA256}rounds$salt$digest`
    static func pbkdf2(ofOpenLDAP scheme: String, _ hash: String) -> Form? {
        let digest: Digest
        switch scheme {
        case "PBKDF2", "PBKDF2-SHA1": digest = .sha1
        case "PBKDF2-SHA256": digest = .sha256
        case "PBKDF2-SHA512": digest = .sha512
        default: return nil
        }
        let fields = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 3, let salt = Octets.base64(fields[1]), let expected = Octets.base64(fields[2]),
            expected.count == digest.count
        else { return nil }
        return pbkdf2(digest, salt, fields[0], expected)
    }

    private static func pbkdf2(
        _ digest: Digest, _ salt: [UInt8], _ rounds: Substring, _ expected: [UInt8]
    ) -> Form? {
        guard let number = Int(rounds), (1...mostRounds).contains(number), rounds == String(number),
            (1...64).contains(salt.count)
        else { return nil }
        return .pbkdf2(digest, salt: salt, rounds: number, expected: expected)
    }
}
