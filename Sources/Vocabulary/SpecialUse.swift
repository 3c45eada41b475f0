// SPDX-License-Identifier: Apache-2.0

/// What a folder is for (RFC 6154 §2, RFC 8457 §4).
public enum SpecialUse: String, Hashable, Sendable, Codable, CaseIterable {
    /// Shows all mail.
    case all
    /// Shows what is flagged.
    case flagged
    /// Shows what the server thinks important.
    case important
    case sent, drafts, junk, trash, archive
}
