// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// How far a folder has come: what a later session has seen is before it.
public struct FolderMark: Hashable, Sendable, Codable {
    /// As ``SourceFolder/validity``.
    public var validity: UInt32
    /// The id that the next message will have at least.
    public var next: UInt32
    public var messages: Int
    /// Rises with every change of the folder (RFC 7162); 0 if the server does not count them.
    public var changes: UInt64

    public init(validity: UInt32, next: UInt32, messages: Int, changes: UInt64 = 0) {
        self.validity = validity
        self.next = next
        self.messages = messages
        self.changes = changes
    }
}

/// What has changed in a folder since a mark.
public struct FolderChanges: Hashable, Sendable {
    /// Which of the messages before the mark are still there.
    public enum Before: Hashable, Sendable {
        /// Those with ids in these ranges; ascending.
        case kept([ClosedRange<UInt32>])
        /// All but those with ids in these ranges; ascending.
        case gone([ClosedRange<UInt32>])
    }

    /// Messages that have been added, as ``MailboxSession/list(_:)`` lists them.
    public var added: [ListedMessage]
    public var before: Before

    public init(added: [ListedMessage], before: Before) { (self.added, self.before) = (added, before) }

    /// Whether a message of before the mark is still there.
    public func keeps(_ id: UInt32) -> Bool {
        switch before {
        case .kept(let ranges): Self.contains(ranges, id)
        case .gone(let ranges): !Self.contains(ranges, id)
        }
    }

    private static func contains(_ ranges: [ClosedRange<UInt32>], _ id: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < id { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(id)
    }
}
