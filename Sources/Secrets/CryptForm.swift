// SPDX-License-Identifier: Apache-2.0

/// The accepted forms of `crypt(3)` strings (crypt(5)), read strictly: libxcrypt can compute every string accepted
/// here, in bounded time and memory, for some password.
enum CryptForm: Hashable, Sendable {
    case yescrypt, sha512, sha256, bcrypt, md5

    /// - Throws: ``SecretsError`` (`unsupportedHash`).
    init(of hash: String) throws(SecretsError) {
        let fields = hash.utf8.split(separator: UInt8(ascii: "$"), omittingEmptySubsequences: false).map(Array.init)
        guard fields.count >= 4, fields[0].isEmpty else {
            throw Self.refused("is not of the form $id$…; traditional DES hashes are too weak to be taken")
        }
        let isWellFormed: Bool
        switch String(decoding: fields[1], as: UTF8.self) {
        case "y":
            self = .yescrypt
            isWellFormed = Self.isYescrypt(Array(fields[2...]))
        case "6":
            self = .sha512
            // 512 bits in 86 characters: of the last one's 6 bits, 2 count.
            isWellFormed = Self.isSHA2(Array(fields[2...]), digest: 86, lastBelow: 4)
        case "5":
            self = .sha256
            isWellFormed = Self.isSHA2(Array(fields[2...]), digest: 43, lastBelow: 16)
        case "2a", "2b", "2y":
            self = .bcrypt
            isWellFormed = Self.isBcrypt(Array(fields[2...]))
        case "1":
            self = .md5
            isWellFormed =
                fields.count == 4 && fields[2].count <= 8 && Self.isCrypt64(fields[2])
                && Self.isCrypt64(fields[3], count: 22, lastBelow: 4)
        default:
            throw Self.refused("is of a kind other than $y$, $6$, $5$, $2y$ and $1$")
        }
        guard isWellFormed, Crypt.knows(setting: hash) else {
            throw Self.refused("is damaged, or asks for more work than is reasonable")
        }
    }

    private static func refused(_ why: String) -> SecretsError {
        SecretsError(.unsupportedHash, "the password hash \(why)")
    }

    /// The parameters that crypt_gensalt(3) writes for its costs 1 to 8 (1 MB to 128 MB), a salt, 256 bits.
    private static func isYescrypt(_ fields: [[UInt8]]) -> Bool {
        let parameters = ["j75", "j85", "j7T", "j8T", "j9T", "jAT", "jBT", "jCT"]
        return fields.count == 3 && parameters.contains(String(decoding: fields[0], as: UTF8.self))
            && isYescryptSalt(fields[1]) && isCrypt64(fields[2], count: 43, lastBelow: 16)
    }

    /// Up to 64 octets, four characters for every three; the last character's unused bits are 0.
    private static func isYescryptSalt(_ salt: [UInt8]) -> Bool {
        guard salt.count <= 86 else { return false }
        switch salt.count % 4 {
        case 0: return isCrypt64(salt)
        case 2: return isCrypt64(salt, count: salt.count, lastBelow: 4)
        case 3: return isCrypt64(salt, count: salt.count, lastBelow: 16)
        default: return false
        }
    }

    /// `[rounds=N$]salt$digest`; 5,000,000 rounds take about a second.
    private static func isSHA2(_ fields: [[UInt8]], digest: Int, lastBelow: Int) -> Bool {
        var fields = fields[...]
        if let first = fields.first, first.starts(with: "rounds=".utf8) {
            let text = String(decoding: first.dropFirst(7), as: UTF8.self)
            guard let rounds = Int(text), (1000...5_000_000).contains(rounds), text == String(rounds) else {
                return false
            }
            fields = fields.dropFirst()
        }
        guard fields.count == 2, let salt = fields.first, let last = fields.last else { return false }
        return salt.count <= 16 && isCrypt64(salt) && isCrypt64(last, count: digest, lastBelow: lastBelow)
    }

    /// `cost$` and 22 characters of salt, 31 of digest, in an alphabet of its own; cost 16 takes about 3 s.
    private static func isBcrypt(_ fields: [[UInt8]]) -> Bool {
        guard fields.count == 2, fields[0].count == 2, fields[1].count == 53,
            let cost = Int(String(decoding: fields[0], as: UTF8.self)), (4...16).contains(cost)
        else { return false }
        let values = fields[1].map(bcryptValue)
        // 128 bits in 22 characters, 184 in 31: what is left over is 0, or no password ever matches.
        return !values.contains(nil) && (values[21] ?? 1) % 16 == 0 && (values[52] ?? 1) % 4 == 0
    }

    private static func isCrypt64(_ text: [UInt8]) -> Bool { text.allSatisfy { crypt64Value($0) != nil } }

    private static func isCrypt64(_ text: [UInt8], count: Int, lastBelow bound: Int) -> Bool {
        text.count == count && isCrypt64(text) && text.last.flatMap(crypt64Value).map { $0 < bound } ?? (count == 0)
    }

    private static func crypt64Value(_ character: UInt8) -> Int? {
        switch character {
        case UInt8(ascii: "."): 0
        case UInt8(ascii: "/"): 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(character - UInt8(ascii: "0")) + 2
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(character - UInt8(ascii: "A")) + 12
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(character - UInt8(ascii: "a")) + 38
        default: nil
        }
    }

    private static func bcryptValue(_ character: UInt8) -> Int? {
        switch character {
        case UInt8(ascii: "."): 0
        case UInt8(ascii: "/"): 1
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(character - UInt8(ascii: "A")) + 2
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(character - UInt8(ascii: "a")) + 28
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(character - UInt8(ascii: "0")) + 54
        default: nil
        }
    }
}
