// SPDX-License-Identifier: Apache-2.0

import MailSession

/// A way to log in by POP3.
enum LoginMechanism: Hashable, Sendable {
    /// `AUTH` (RFC 5034).
    case sasl(SASLMechanism)
    /// RFC 1939 §7
    case apop
    /// `USER` and `PASS` (RFC 1939 §7).
    case user

    /// The mechanisms that never show the password, best first.
    private static let secure: [LoginMechanism] = [
        .sasl(.scramSHA256), .sasl(.scramSHA1), .sasl(.digestMD5), .sasl(.cramMD5), .apop, .sasl(.ntlm),
    ]

    /// The mechanisms to try, in order, the next one only if one turns out to be unsupported.
    /// - Parameter hasTimestamp: whether the greeting has what `APOP` needs.
    static func candidates(
        secure: Bool, isVerifiedTLS: Bool, capabilities: Capabilities, hasTimestamp: Bool
    ) -> [LoginMechanism] {
        if secure {
            return (Self.secure + (isVerifiedTLS ? [.sasl(.plain)] : [])).filter { mechanism in
                mechanism == .apop ? hasTimestamp : capabilities.offer(mechanism)
            }
        }
        // If the server does not announce its capabilities, only PLAIN and LOGIN are tried by name; that does not count
        // as a login attempt.
        let others = [LoginMechanism.sasl(.plain), .sasl(.login)].filter {
            capabilities.offer($0) || !capabilities.areAnnounced
        }
        // Many servers announce neither USER nor SASL, and support USER.
        let userComesFirst = capabilities.user || others.isEmpty || !capabilities.areAnnounced
        return userComesFirst ? [.user] + others : others + [.user]
    }
}

extension Capabilities {
    /// Whether this is a SASL mechanism that is announced.
    func offer(_ mechanism: LoginMechanism) -> Bool {
        guard case .sasl(let mechanism) = mechanism else { return false }
        return mechanisms.contains(mechanism.rawValue)
    }
}
