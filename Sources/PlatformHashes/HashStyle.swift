// SPDX-License-Identifier: Apache-2.0

import CSodium
public import Secrets

/// How hashes are written for a platform (`accounts.hash`).
public enum HashStyle: String, Sendable, CaseIterable {
    case sha512 = "{SHA512-CRYPT}"
    case bcrypt = "{BLF-CRYPT}"
    case crypt = "{CRYPT}"
    case saltedSHA512 = "{SSHA512}"
    case bareSHA512 = "$6$"
    case bareBcrypt = "$2y$"
    /// The password itself, for a platform that hashes it.
    case plain

    /// Whether what it makes is costly to guess from (`crypt(3)`), and may be kept.
    public var isSlow: Bool {
        switch self {
        case .sha512, .bcrypt, .crypt, .bareSHA512, .bareBcrypt: true
        case .saltedSHA512, .plain: false
        }
    }

    /// A new hash of `password` in this form. Blocks, as ``PlatformHash/matches(_:)`` does.
    ///
    /// bcrypt ignores what is beyond 72 octets: such passwords get SHA-512, in the form that the same platforms read.
    ///
    /// - Parameter scheme: what stands behind `{CRYPT}`.
    /// - Throws: ``SecretsError`` (`unacceptablePassword`, `hashingFailed`).
    public func make(_ password: Password, crypt scheme: PasswordScheme = .yescrypt) throws(SecretsError) -> String {
        switch self {
        case .sha512: return try PasswordScheme.sha512.make(password).stored
        case .bcrypt:
            return try (password.count > 72 ? PasswordScheme.sha512 : .bcrypt).make(password).stored
        case .crypt: return try "{CRYPT}" + scheme.make(password).bare
        case .bareSHA512: return try PasswordScheme.sha512.make(password).bare
        case .bareBcrypt: return try (password.count > 72 ? PasswordScheme.sha512 : .bcrypt).make(password).bare
        case .saltedSHA512:
            guard password.isAcceptable else { throw Self.unacceptable }
            var salt = [UInt8](repeating: 0, count: 16)
            randombytes_buf(&salt, salt.count)
            return "{SSHA512}" + Octets.base64(of: try Digest.sha512.hash(password, salt) + salt)
        case .plain:
            guard password.isAcceptable else { throw Self.unacceptable }
            return password.withOctets { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static var unacceptable: SecretsError {
        SecretsError(.unacceptablePassword, "a password needs 1 to \(Password.longest) octets, none NUL, CR or LF")
    }
}
