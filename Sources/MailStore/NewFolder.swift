// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A folder of a new mailbox.
public struct NewFolder: Hashable, Sendable {
    /// Its name, level by level.
    public var levels: [String]
    public var isSubscribed: Bool

    public init(_ levels: [String], isSubscribed: Bool = true) {
        self.levels = levels
        self.isSubscribed = isSubscribed
    }

    /// Where new mail arrives.
    public static let inbox = ["INBOX"]

    /// The levels of a name with dots between them, in which the inbox may be written in any case.
    public static func levels(of name: String) -> [String] { spelled(name.split(separator: ".").map(String.init)) }

    /// Levels with the inbox in capitals, in whatever case it is written (RFC 3501 §5.1), also where others lie below it:
    /// Dovecot opens those by no other spelling.
    public static func spelled(_ levels: [String]) -> [String] {
        levels.first?.lowercased() == "inbox" ? inbox + levels.dropFirst() : levels
    }
}

/// What the names of folders are like in a store.
public struct FolderNames: Hashable, Sendable {
    /// What the platform calls its special folders, with `/` between levels.
    public var special: [SpecialUse: String]
    /// What a level cannot hold, besides `/` and control characters.
    public var unholdable: Set<Unicode.Scalar>
    /// Patterns of levels that the store has a use of its own for; `*` stands for anything.
    public var reserved: [String]

    public init(
        special: [SpecialUse: String] = SpecialUse.usualNames, unholdable: Set<Unicode.Scalar> = [],
        reserved: [String] = []
    ) {
        self.special = special
        self.unholdable = unholdable
        self.reserved = reserved
    }
}
