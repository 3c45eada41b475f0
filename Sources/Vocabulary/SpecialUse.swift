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

extension SpecialUse {
    /// What the folders for these uses are called where nobody has said anything else.
    public static let usualNames: [SpecialUse: String] = [
        .sent: "Sent", .drafts: "Drafts", .junk: "Junk", .trash: "Trash", .archive: "Archive",
    ]
}
