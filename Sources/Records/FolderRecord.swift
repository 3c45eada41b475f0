// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A folder of an account's old mailbox, as a run has listed it, and where its mail goes. It keeps its target for as
/// long as this is remembered. A folder that was numbered anew over there has another record beside the first.
public struct FolderRecord: Hashable, Sendable {
    /// The source of the ledger's rows of its messages.
    public var source: Int64
    /// Its name over there, level by level; no level holds a slash.
    public var path: [String]
    /// Where its mail goes, level by level.
    public var target: [String]
    /// What it is for.
    public var specialUse: SpecialUse?
    /// How many of its messages were only on the old server when it was last listed.
    public var remaining: Int64
    /// How many had been moved by then.
    public var moved: Int64
    /// Up to where all its messages had been moved by then; nil if that is not known.
    public var mark: FolderMark?

    public init(
        source: Int64, path: [String], target: [String], specialUse: SpecialUse?, remaining: Int64 = 0,
        moved: Int64 = 0, mark: FolderMark? = nil
    ) {
        self.source = source
        self.path = path
        self.target = target
        self.specialUse = specialUse
        self.remaining = remaining
        self.moved = moved
        self.mark = mark
    }
}

/// A folder, and what has become of its mail.
public struct FolderFigures: Hashable, Sendable {
    public var folder: FolderRecord
    /// How many of its messages have been moved.
    public var moved: Int64

    public init(_ folder: FolderRecord, moved: Int64) {
        self.folder = folder
        self.moved = moved
    }

    /// Up to where all its messages have been moved. nil if that is not known, or may not be true any more: rows of the
    /// ledger are forgotten, for one, when mail is to be moved again.
    public var mark: FolderMark? { folder.remaining == 0 && folder.moved == moved ? folder.mark : nil }

    /// How many are still only on the old server.
    public var remaining: Int64 { max(0, folder.remaining - max(0, moved - folder.moved)) }
}
