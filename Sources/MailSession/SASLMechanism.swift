// SPDX-License-Identifier: Apache-2.0

/// A SASL mechanism (RFC 4422) that this program can speak, by its registered name.
public enum SASLMechanism: String, Sendable, CaseIterable {
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA1 = "SCRAM-SHA-1"
    case digestMD5 = "DIGEST-MD5"
    case cramMD5 = "CRAM-MD5"
    case ntlm = "NTLM"
    case plain = "PLAIN"
    case login = "LOGIN"

    /// Whether the client speaks first, so that the command may carry an initial response (RFC 5034 §4, RFC 4959).
    public var speaksFirst: Bool {
        switch self {
        case .scramSHA256, .scramSHA1, .plain: true
        // NTLM could, but Exchange does not take it with the command ([MS-POP3] §2.2).
        case .digestMD5, .cramMD5, .ntlm, .login: false
        }
    }
}
