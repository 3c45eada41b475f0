// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

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

    /// Whether all messages of before the mark are still there.
    public func keepsAll(of mark: FolderMark) -> Bool {
        switch before {
        case .kept(let ranges): ranges.reduce(0) { $0 + $1.count } == mark.messages
        case .gone(let ranges): ranges.isEmpty
        }
    }

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
