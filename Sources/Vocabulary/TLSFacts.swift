// SPDX-License-Identifier: Apache-2.0

/// What is known of a TLS connection.
public struct TLSFacts: Hashable, Sendable {
    /// `TLSv1.3`
    public var version: String
    /// Its name in IANA's registry, such as `TLS_AES_256_GCM_SHA384`; nil if the handshake came in pieces too small to
    /// tell.
    public var cipher: String?
    /// Of the server's certificate in DER form: 64 lower-case hexadecimal digits.
    public var sha256: String
    /// Whether the certificate passed the requested check: chain and name, or fingerprint. False if none was requested.
    public var isVerified: Bool

    public init(version: String, cipher: String?, sha256: String, isVerified: Bool) {
        self.version = version
        self.cipher = cipher
        self.sha256 = sha256
        self.isVerified = isVerified
    }
}
