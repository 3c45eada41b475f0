// SPDX-License-Identifier: Apache-2.0

import CSodium

/// A hash of a password that can be compared with.
public protocol StoredHash: Sendable {
    /// Whether this is the hash of `password`. Blocks for as long as one hash takes.
    /// - Throws: ``SecretsError`` (`hashingFailed`): nobody can say whether it matches.
    func matches(_ password: Password) throws(SecretsError) -> Bool
    /// What decides how long a comparison takes: the method and its cost, without salt and digest.
    var kind: String { get }
}

/// A `crypt(3)` hash of a password, valid by construction.
public struct PasswordHash: StoredHash, Hashable, CustomStringConvertible {
    /// `{SCHEME}hash`, as Dovecot reads it.
    public let stored: String
    private let hash: String
    private let form: CryptForm

    /// bcrypt ignores anything beyond (crypt(5)).
    private static let longestForBcrypt = 72

    /// Reads `{SCHEME}hash`, or a bare `crypt(3)` string.
    ///
    /// Taken are `CRYPT`, `BLF-CRYPT`, `SHA512-CRYPT`, `SHA256-CRYPT` and `MD5-CRYPT`, in upper or lower case, with
    /// yescrypt (`$y$`) under `CRYPT`. Not taken are all other schemes of Dovecot's, its `.b64` and `.hex`
    /// encodings, and traditional DES hashes: 56 bits are tried out in hours.
    ///
    /// - Throws: ``SecretsError`` (`unsupportedHash`), also for a damaged hash, which no password would match.
    public init(_ text: String) throws(SecretsError) {
        var scheme = "CRYPT"
        var hash = text
        if text.hasPrefix("{") {
            guard let end = text.firstIndex(of: "}") else {
                throw SecretsError(.unsupportedHash, "the password hash has no } after its scheme")
            }
            scheme = text[text.index(after: text.startIndex)..<end].uppercased()
            hash = String(text[text.index(after: end)...])
        }
        guard hash.utf8.count < 384, !hash.utf8.contains(0) else {
            throw SecretsError(.unsupportedHash, "the password hash is too long")
        }
        let allowed: [CryptForm]
        switch scheme {
        case "CRYPT": allowed = [.yescrypt, .sha512, .sha256, .bcrypt, .md5]
        case "BLF-CRYPT": allowed = [.bcrypt]
        case "SHA512-CRYPT": allowed = [.sha512]
        case "SHA256-CRYPT": allowed = [.sha256]
        case "MD5-CRYPT": allowed = [.md5]
        default:
            throw SecretsError(
                .unsupportedHash,
                "the password hash's scheme is none of CRYPT, BLF-CRYPT, SHA512-CRYPT, SHA256-CRYPT and MD5-CRYPT")
        }
        form = try CryptForm(of: hash)
        guard allowed.contains(form) else {
            throw SecretsError(.unsupportedHash, "the password hash is not of the scheme {\(scheme)} that it names")
        }
        self.hash = hash
        stored = "{\(scheme)}\(hash)"
    }

    fileprivate init(scheme: String, hash: String, form: CryptForm) {
        stored = "{\(scheme)}\(hash)"
        self.hash = hash
        self.form = form
    }

    /// Whether this is the hash of `password`. Blocks for as long as one hash takes (15 ms with yescrypt), so call it
    /// through ``HashingPool``.
    ///
    /// A password that is not acceptable, or has over 72 octets where the hash is bcrypt's, matches nothing.
    ///
    /// - Throws: ``SecretsError`` (`hashingFailed`): nobody can say whether it matches.
    public func matches(_ password: Password) throws(SecretsError) -> Bool {
        guard password.isAcceptable, form != .bcrypt || password.count <= Self.longestForBcrypt else { return false }
        return try Crypt.withHash(of: password, setting: hash) { computed in
            guard computed.count == hash.utf8.count else { return false }
            var expected = hash
            return expected.withUTF8 { expected in
                guard let left = computed.baseAddress, let right = expected.baseAddress else { return false }
                return sodium_memcmp(left, right, computed.count) == 0
            }
        }
    }

    /// As `crypt(3)` gives it, without a scheme before it.
    public var bare: String { hash }

    public var kind: String {
        let fields = hash.split(separator: "$", maxSplits: 2)
        let hasCost = form == .yescrypt || form == .bcrypt || fields[1].hasPrefix("rounds=")
        return fields.prefix(hasCost ? 2 : 1).joined(separator: "$")
    }

    public var description: String { "(password hash)" }
}

/// How new hashes are made (`passwords.scheme`).
public enum PasswordScheme: String, Sendable, CaseIterable {
    /// Debian's default; 15 ms and 16 MB here.
    case yescrypt
    /// 100,000 rounds, 18 ms here, for mail servers whose `crypt(3)` knows no yescrypt.
    case sha512
    /// Cost 10, 43 ms here; passwords of over 72 octets get yescrypt instead.
    case bcrypt

    /// A new hash of `password`. Blocks, as ``PasswordHash/matches(_:)`` does.
    ///
    /// - Throws: ``SecretsError`` (`unacceptablePassword`, `hashingFailed`).
    public func make(_ password: Password) throws(SecretsError) -> PasswordHash {
        let scheme = self == .bcrypt && password.count > 72 ? .yescrypt : self
        let setting = try scheme.makeSetting()
        let hash = try Crypt.withHash(of: password, setting: setting) { String(decoding: $0, as: UTF8.self) }
        return PasswordHash(scheme: scheme.dovecotName, hash: hash, form: scheme.form)
    }

    /// A hash that no password has, and that takes as long to compare with as one of this scheme.
    func makeDecoy() throws(SecretsError) -> PasswordHash {
        let setting = try makeSetting()
        let digest =
            switch self {
            case .yescrypt: "$" + String(repeating: ".", count: 43)
            case .sha512: "$" + String(repeating: ".", count: 86)
            case .bcrypt: String(repeating: ".", count: 31)
            }
        return PasswordHash(scheme: dovecotName, hash: setting + digest, form: form)
    }

    private func makeSetting() throws(SecretsError) -> String {
        switch self {
        case .yescrypt: try Crypt.makeSetting(prefix: "$y$", cost: 5)
        case .sha512: try Crypt.makeSetting(prefix: "$6$", cost: 100_000)
        case .bcrypt: try Crypt.makeSetting(prefix: "$2y$", cost: 10)
        }
    }

    private var dovecotName: String {
        switch self {
        case .yescrypt: "CRYPT"
        case .sha512: "SHA512-CRYPT"
        case .bcrypt: "BLF-CRYPT"
        }
    }

    private var form: CryptForm {
        switch self {
        case .yescrypt: .yescrypt
        case .sha512: .sha512
        case .bcrypt: .bcrypt
        }
    }
}
