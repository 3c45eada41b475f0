// SPDX-License-Identifier: Apache-2.0

import CSodium

/// The key under which old passwords are kept while their mail moves.
///
/// Sealed form: one octet of version (1), 24 of nonce, then the XChaCha20-Poly1305 text of the password, padded to
/// a multiple of 64 octets so that its length stays unknown. The context is authenticated with it: what was sealed
/// for one account does not open for another.
public final class SealKey: Sendable {
    /// Octets of a key.
    public static let count = 32

    private static let version: UInt8 = 1
    private static let nonceCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    private static let tagCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
    private static let block = 64

    private let key: GuardedKey

    /// - Throws: ``SecretsError`` (`invalidKey`) when there are not exactly 32 octets.
    public init(octets: UnsafeRawBufferPointer) throws(SecretsError) {
        guard let key = GuardedKey(octets: octets) else {
            throw SecretsError(
                .invalidKey,
                "the seal key has \(octets.count) octets instead of \(Self.count); make one with: "
                    + "head -c \(Self.count) /dev/urandom")
        }
        self.key = key
    }

    private init(key: GuardedKey) { self.key = key }

    public static func random() -> SealKey { SealKey(key: .random()) }

    /// The key itself, valid only during the call: for the service manager's file-descriptor store.
    public func withOctets<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try key.withOctets(body)
    }

    /// `password`, readable only with this key and the same `context` (the account).
    public func seal(_ password: Password, context: String) -> [UInt8] {
        let padded = Self.padded(password)
        let authenticated = Self.authenticated(context)
        let header = 1 + Self.nonceCount
        return [UInt8](unsafeUninitializedCapacity: header + padded.count + Self.tagCount) { sealed, count in
            count = header + padded.count + Self.tagCount
            guard let start = sealed.baseAddress else { return }
            start.pointee = Self.version
            randombytes_buf(start + 1, Self.nonceCount)
            padded.withOctets { text in
                key.withOctets { key in
                    guard let key = key.bytes else { return }
                    // Never fails (libsodium.org, "XChaCha20-Poly1305 construction").
                    crypto_aead_xchacha20poly1305_ietf_encrypt(
                        start + header, nil, text.bytes, UInt64(text.count), authenticated,
                        UInt64(authenticated.count), nil, start + 1, key)
                }
            }
        }
    }

    /// - Throws: ``SecretsError`` (`cannotOpen`).
    public func open(_ sealed: [UInt8], context: String) throws(SecretsError) -> Password {
        let header = 1 + Self.nonceCount
        let paddedCount = sealed.count - header - Self.tagCount
        guard paddedCount > 0, paddedCount % Self.block == 0, sealed.first == Self.version else {
            throw SecretsError(.cannotOpen, "a sealed password is damaged; the next login of its account replaces it")
        }
        let authenticated = Self.authenticated(context)
        let padded = try Password(count: paddedCount) { text throws(SecretsError) in
            let opened = sealed.withUnsafeBytes { sealed in
                key.withOctets { key in
                    guard let start = sealed.bytes, let text = text.bytes, let key = key.bytes else { return false }
                    return crypto_aead_xchacha20poly1305_ietf_decrypt(
                        text, nil, nil, start + header, UInt64(sealed.count - header), authenticated,
                        UInt64(authenticated.count), start + 1, key) == 0
                }
            }
            guard opened else {
                throw SecretsError(
                    .cannotOpen,
                    "a sealed password was sealed under another key or for another account; "
                        + "the next login of its account replaces it")
            }
        }
        return padded.withOctets { text in
            var count = 0
            guard let start = text.bytes, sodium_unpad(&count, start, text.count, Self.block) == 0 else {
                return padded
            }
            return Password(octets: UnsafeRawBufferPointer(rebasing: text[..<count]))
        }
    }

    /// ISO/IEC 7816-4 padding, to the next multiple of a block.
    private static func padded(_ password: Password) -> Password {
        let count = (password.count / block + 1) * block
        return Password(count: count) { padded in
            password.withOctets { padded.copyMemory(from: $0) }
            var paddedCount = 0
            guard let start = padded.bytes else { return }
            sodium_pad(&paddedCount, start, password.count, block, count)
        }
    }

    private static func authenticated(_ context: String) -> [UInt8] { Array("mailmove password\0\(context)".utf8) }
}
