// SPDX-License-Identifier: Apache-2.0

/// A way to log in.
enum SASLMechanism: String, Sendable, CaseIterable {
    case scramSHA256 = "SCRAM-SHA-256"
    case scramSHA1 = "SCRAM-SHA-1"
    case digestMD5 = "DIGEST-MD5"
    case cramMD5 = "CRAM-MD5"
    /// No SASL mechanism, but ranked among them (RFC 1939 §7).
    case apop = "APOP"
    case ntlm = "NTLM"
    case plain = "PLAIN"
    case login = "LOGIN"
    /// `USER` and `PASS` (RFC 1939 §7).
    case user = "USER"

    /// Those that never show the password, best first.
    static let secure: [SASLMechanism] = [.scramSHA256, .scramSHA1, .digestMD5, .cramMD5, .apop, .ntlm]

    /// Whether the client speaks first, so that `AUTH` may carry an initial response (RFC 5034 §4).
    var speaksFirst: Bool {
        switch self {
        case .scramSHA256, .scramSHA1, .plain: true
        // NTLM could, but Exchange does not take it with the command ([MS-POP3] §2.2).
        case .digestMD5, .cramMD5, .ntlm, .login, .apop, .user: false
        }
    }

    /// Whether the server must prove in turn that it knows the password.
    var verifiesServer: Bool {
        switch self {
        case .scramSHA256, .scramSHA1, .digestMD5: true
        case .cramMD5, .ntlm, .plain, .login, .apop, .user: false
        }
    }

    /// What to try, in this order, the next one only where one turns out to be unsupported.
    static func candidates(
        secure: Bool, isVerifiedTLS: Bool, capabilities: Capabilities, hasTimestamp: Bool
    ) -> [SASLMechanism] {
        func isOffered(_ mechanism: SASLMechanism) -> Bool {
            mechanism == .apop ? hasTimestamp : capabilities.mechanisms.contains(mechanism.rawValue)
        }
        if secure {
            return (Self.secure + (isVerifiedTLS ? [.plain] : [])).filter(isOffered)
        }
        // Where the server does not say what it can, PLAIN and LOGIN are asked for by name alone; it costs no try.
        let others = [SASLMechanism.plain, .login].filter { isOffered($0) || !capabilities.areAnnounced }
        // Many announce neither USER nor SASL, and mean USER.
        let userComesFirst = capabilities.user || others.isEmpty || !capabilities.areAnnounced
        return userComesFirst ? [.user] + others : others + [.user]
    }
}
