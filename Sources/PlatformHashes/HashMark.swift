// SPDX-License-Identifier: Apache-2.0

public import Secrets

/// By what a hash is known again that is not kept: no password is guessed any faster from it than from the hash.
public struct HashMark: Hashable, Sendable {
    public let text: String

    private static let digest = "sha512:"

    /// As it was written down.
    public init(text: String) { self.text = text }

    /// Blocks, where the hash is one that costs nothing.
    /// - Throws: ``SecretsError``: it is longer than a password may be, or `hashingFailed`.
    public init(of hash: String, crypt scheme: PasswordScheme) throws(SecretsError) {
        let isSlow = (try? PlatformHash(hash)).map { !$0.isCheap } ?? false
        text = isSlow ? try Self.digest(of: hash) : try scheme.make(Password(hash)).stored
    }

    /// Whether it is this hash's; blocks, as ``init(of:crypt:)``.
    /// - Throws: ``SecretsError``.
    public func fits(_ hash: String) throws(SecretsError) -> Bool {
        if text.hasPrefix(Self.digest) { return try Self.digest(of: hash) == text }
        return try PasswordHash(text).matches(Password(hash))
    }

    private static func digest(of hash: String) throws(SecretsError) -> String {
        digest + Octets.base64(of: try Digest.sha512.hash(Password(hash), []))
    }
}
