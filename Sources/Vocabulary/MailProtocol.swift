// SPDX-License-Identifier: Apache-2.0

/// What an old server speaks.
public enum MailProtocol: String, Sendable, Codable, CaseIterable {
    /// Only the inbox.
    case pop3
    /// All folders, with flags and dates.
    case imap

    /// The port that IANA has registered for it.
    public func port(_ security: TransportSecurity) -> Int {
        switch (self, security) {
        case (.pop3, .tls): 995
        case (.pop3, _): 110
        case (.imap, .tls): 993
        case (.imap, _): 143
        }
    }

    /// For people.
    public var name: String {
        switch self {
        case .pop3: "POP3"
        case .imap: "IMAP"
        }
    }

    /// The command that begins TLS on a plain connection.
    public var startTLS: String {
        switch self {
        case .pop3: "STLS"
        case .imap: "STARTTLS"
        }
    }
}
