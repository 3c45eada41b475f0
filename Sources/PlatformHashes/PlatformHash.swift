// SPDX-License-Identifier: Apache-2.0

public import Secrets

/// A hash of a password in whatever form a mail platform keeps it, if it can be verified here.
///
/// | form | source |
/// | --- | --- |
/// | `$y$`, `$6$`, `$5$`, `$2y$`, `$1$`, bare or behind `{CRYPT}`, `{SHA512-CRYPT}` … | crypt(5); Dovecot |
/// | `{SSHA}`, `{SSHA256}`, `{SSHA512}`, `{SMD5}` and, without salt, `{SHA}`, `{SHA256}`, `{SHA512}`, `{MD5}` | RFC 2307; Dovecot, with `.hex` and `.b64` |
/// | `{PBKDF2}$1$salt$rounds$hex` | Dovecot |
/// | `$pbkdf2$`, `$pbkdf2-sha256$`, `$pbkdf2-sha512$` | passlib |
/// | `{PBKDF2-SHA256}rounds$salt$hash` … | OpenLDAP's pw-pbkdf2 |
/// | `$argon2i$`, `$argon2id$`, bare or behind `{ARGON2ID}` … | RFC 9106; Dovecot, OpenLDAP |
/// | `$bcrypt-sha256$` | passlib |
/// | `{PLAIN}`, `{CLEARTEXT}` | Dovecot |
///
/// Hashes ask for bounded work: whoever can write one does not thereby stop the program.
public struct PlatformHash: StoredHash, Hashable, CustomStringConvertible {
    enum Form: Hashable, Sendable {
        case crypt(PasswordHash)
        case digest(Digest, salt: [UInt8], expected: [UInt8])
        case pbkdf2(Digest, salt: [UInt8], rounds: Int, expected: [UInt8])
        case argon2(String)
        case bcryptSHA256(BcryptSHA256)
        case plain([UInt8])
    }

    let form: Form

    /// - Throws: ``SecretsError`` (`unsupportedHash`): it is of a form that cannot be verified here, or damaged.
    public init(_ text: String) throws(SecretsError) {
        guard text.utf8.count <= 1024, !text.utf8.contains(0) else { throw Self.unsupported }
        var scheme = ""
        var rest = text[...]
        if text.hasPrefix("{") {
            guard let end = text.firstIndex(of: "}") else { throw Self.unsupported }
            scheme = text[text.index(after: text.startIndex)..<end].uppercased()
            rest = text[text.index(after: end)...]
        }
        guard let form = try Self.form(scheme, String(rest)) else { throw Self.unsupported }
        self.form = form
    }

    /// As ``init(_:)``, where the platform keeps passwords themselves: what is no hash, and looks like none, is one.
    public init(_ text: String, orPlain: Bool) throws(SecretsError) {
        do throws(SecretsError) {
            self = try PlatformHash(text)
        } catch {
            guard orPlain, let first = text.first, first != "{", first != "$", text.utf8.count <= Password.longest
            else { throw error }
            form = .plain(Array(text.utf8))
        }
    }

    /// Whether a comparison costs next to nothing, so that nobody need remember its outcome.
    public var isCheap: Bool {
        switch form {
        case .digest, .plain: true
        case .crypt, .pbkdf2, .argon2, .bcryptSHA256: false
        }
    }

    private static func form(_ scheme: String, _ hash: String) throws(SecretsError) -> Form? {
        switch scheme {
        case "PLAIN", "CLEARTEXT": return hash.isEmpty ? nil : .plain(Array(hash.utf8))
        case "PBKDF2" where hash.hasPrefix("$1$"): return pbkdf2(ofDovecot: hash)
        case "", "CRYPT", "PBKDF2", "ARGON2", "ARGON2I", "ARGON2ID":
            if let form = modular(hash) { return form }
        default: break
        }
        if let form = pbkdf2(ofOpenLDAP: scheme, hash) ?? digest(scheme, hash) { return form }
        // MD5 is Dovecot's other name for MD5-CRYPT.
        return .crypt(try PasswordHash(scheme.isEmpty || scheme == "MD5" ? hash : "{\(scheme)}\(hash)"))
    }

    /// The modular crypt format's forms that `crypt(3)` does not know.
    private static func modular(_ hash: String) -> Form? {
        let fields = hash.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count > 2, fields[0].isEmpty else { return nil }
        switch fields[1] {
        case "argon2i", "argon2id": return Argon2.isBearable(hash) ? .argon2(hash) : nil
        case "bcrypt-sha256": return BcryptSHA256(hash).map(Form.bcryptSHA256)
        default: return pbkdf2(ofPasslib: fields)
        }
    }

    private static var unsupported: SecretsError {
        SecretsError(.unsupportedHash, "the password hash is of a form that cannot be verified here, or damaged")
    }

    /// Whether this is the hash of `password`. Blocks for as long as its form takes, so call it through `HashingPool`.
    /// - Throws: ``SecretsError`` (`hashingFailed`): nobody can say whether it matches.
    public func matches(_ password: Password) throws(SecretsError) -> Bool {
        guard password.isAcceptable else { return false }
        switch form {
        case .crypt(let hash): return try hash.matches(password)
        case .digest(let digest, let salt, let expected):
            return Octets.areEqual(try digest.hash(password, salt), expected)
        case .pbkdf2(let digest, let salt, let rounds, let expected):
            return Octets.areEqual(
                try digest.derive(password, salt, rounds: rounds, count: expected.count), expected)
        case .argon2(let text): return try Argon2.matches(password, text)
        case .bcryptSHA256(let hash): return try hash.matches(password)
        case .plain(let octets): return password.withOctets { Octets.areEqual(Array($0), octets) }
        }
    }

    /// What decides how long a comparison takes.
    public var kind: String {
        switch form {
        case .crypt(let hash): hash.kind
        case .digest(let digest, _, _): digest.name
        case .pbkdf2(let digest, _, let rounds, _): "pbkdf2-\(digest.name)-\(rounds)"
        case .argon2(let text): text.split(separator: "$").prefix(3).joined(separator: "$")
        case .bcryptSHA256(let hash): "bcrypt-sha256-\(hash.cost)"
        case .plain: "plain"
        }
    }

    public var description: String { "(password hash)" }
}
