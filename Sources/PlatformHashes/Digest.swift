// SPDX-License-Identifier: Apache-2.0

import CGcrypt
import CSodium
import Secrets

/// A message digest that hashes of passwords are made with.
enum Digest: String, Hashable, Sendable, CaseIterable {
    case md5, sha1, sha256, sha512

    var name: String { rawValue }

    /// Octets.
    var count: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    private var algorithm: gcry_md_algos {
        switch self {
        case .md5: GCRY_MD_MD5
        case .sha1: GCRY_MD_SHA1
        case .sha256: GCRY_MD_SHA256
        case .sha512: GCRY_MD_SHA512
        }
    }

    private static let isReady = mailmove_gcrypt_begin() != 0

    /// The digest of the password and what follows it.
    /// - Throws: ``SecretsError`` (`hashingFailed`).
    func hash(_ password: Password, _ salt: [UInt8]) throws(SecretsError) -> [UInt8] {
        try password.withOctets { password throws(SecretsError) in
            // Where the two stand one behind the other, the password is wiped again.
            var text = [UInt8](repeating: 0, count: password.count + salt.count)
            defer { sodium_memzero(&text, text.count) }
            text.withUnsafeMutableBytes { memory in
                memory.copyMemory(from: password)
                UnsafeMutableRawBufferPointer(rebasing: memory[password.count...]).copyBytes(from: salt)
            }
            return try hash(text)
        }
    }

    private func hash(_ text: [UInt8]) throws(SecretsError) -> [UInt8] {
        guard Self.isReady else { throw Self.failed }
        var digest = [UInt8](repeating: 0, count: count)
        gcry_md_hash_buffer(Int32(algorithm.rawValue), &digest, text, text.count)
        return digest
    }

    /// PBKDF2 (RFC 8018 §5.2) with HMAC over this digest.
    /// - Throws: ``SecretsError`` (`hashingFailed`).
    func derive(_ password: Password, _ salt: [UInt8], rounds: Int, count: Int) throws(SecretsError) -> [UInt8] {
        guard Self.isReady else { throw Self.failed }
        var key = [UInt8](repeating: 0, count: count)
        let error = password.withOctets { password in
            gcry_kdf_derive(
                password.baseAddress, password.count, Int32(GCRY_KDF_PBKDF2.rawValue), Int32(algorithm.rawValue), salt,
                salt.count, UInt(rounds), key.count, &key)
        }
        guard error == 0 else { throw Self.failed }
        return key
    }

    private static var failed: SecretsError {
        SecretsError(.hashingFailed, "libgcrypt could not compute a password hash; is there memory left?")
    }
}

extension PlatformHash {
    /// `{SSHA}` and its kind: the digest, and behind it the salt.
    static func digest(_ scheme: String, _ hash: String) -> Form? {
        let parts = scheme.split(separator: ".", maxSplits: 1)
        guard let name = parts.first else { return nil }
        let (digest, isSalted): (Digest, Bool)
        switch name {
        case "SSHA": (digest, isSalted) = (.sha1, true)
        case "SSHA256": (digest, isSalted) = (.sha256, true)
        case "SSHA512": (digest, isSalted) = (.sha512, true)
        case "SMD5": (digest, isSalted) = (.md5, true)
        case "SHA", "SHA1": (digest, isSalted) = (.sha1, false)
        case "SHA256": (digest, isSalted) = (.sha256, false)
        case "SHA512": (digest, isSalted) = (.sha512, false)
        case "MD5", "LDAP-MD5", "PLAIN-MD5": (digest, isSalted) = (.md5, false)
        default: return nil
        }
        let octets: [UInt8]?
        switch parts.dropFirst().first {
        case nil: octets = name == "PLAIN-MD5" ? Octets.hexadecimal(hash) : Octets.base64(hash)
        case "HEX": octets = Octets.hexadecimal(hash)
        case "B64", "BASE64": octets = Octets.base64(hash)
        default: octets = nil
        }
        guard let octets, isSalted ? octets.count > digest.count : octets.count == digest.count else { return nil }
        return .digest(digest, salt: Array(octets[digest.count...]), expected: Array(octets[..<digest.count]))
    }
}
