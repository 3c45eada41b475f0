// SPDX-License-Identifier: Apache-2.0

/// How a server was found that may hold a domain's mailboxes; the most certain first.
public enum CandidateSource: String, Sendable, Codable, CaseIterable {
    /// A well-known hoster, by the domain's MX or name.
    case preset
    /// A record that announces it (RFC 6186).
    case srv
    /// The host that takes the domain's mail.
    case mx
    /// A usual name inside the domain.
    case name
}
