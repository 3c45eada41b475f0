// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// How mail is delivered, as far as it differs between accounts.
public struct DeliveryOptions: Hashable, Sendable {
    public var preserveUIDL: Bool
    /// UIDLs by the message's number, of messages whose own id is none.
    public var uidls: [Int: UniqueID] = [:]
    /// Which messages arrive as seen, besides those seen on the old server.
    public var markSeen: MoveOptions.MarkSeen
    /// Whether messages arrive with the flags that they have on the old server.
    public var flags: MoveOptions.Flags
    /// Target folders, level by level, by the number of the source's folder; the last one also serves all further
    /// numbers. Never empty.
    public private(set) var folders: [[String]]

    public init(
        preserveUIDL: Bool = true, markSeen: MoveOptions.MarkSeen = .none, flags: MoveOptions.Flags = .keep,
        folders: [[String]] = [NewFolder.inbox]
    ) {
        self.preserveUIDL = preserveUIDL
        self.markSeen = markSeen
        self.flags = flags
        self.folders = folders.isEmpty ? [NewFolder.inbox] : folders
    }

    /// Where mail of a folder of the source goes.
    public func target(of folder: Int) -> [String] { folders[min(folder, folders.count - 1)] }

    /// By which POP3 clients are to know a message; nil where nothing says so.
    public func uidl(of message: ListedMessage) -> UniqueID? {
        preserveUIDL ? message.uniqueID : uidls[message.number]
    }

    /// The flags with which a message arrives.
    public func flags(of message: ListedMessage) -> MessageFlags {
        let kept = flags == .keep ? message.flags : []
        return markSeen == .all ? kept.union(.seen) : kept
    }
}
