// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A folder of an old mailbox.
public struct SourceFolder: Hashable, Sendable {
    /// Its place among the session's folders, from 0: what `ListedMessage.folder` says.
    public var number: Int
    /// Its name, level by level, without what all names of the server begin with: `["INBOX"]`, `["Archive", "2024"]`.
    public var path: [String]
    /// While this stays the same, an id in the folder means the same message (UIDVALIDITY, RFC 3501 §2.3.1.1). 0 if the
    /// protocol promises that without a number.
    public var validity: UInt32
    /// How many messages it holds, as the server counts them.
    public var messages: Int
    /// Their octets in all, as the server counts them; 0 if it does not say.
    public var octets: Int
    /// Where its mail goes, level by level.
    public var target: [String]
    /// What it is for, as the server says or its name.
    public var specialUse: SpecialUse?
    public var isSubscribed: Bool
    /// Whether it shows mail of other folders, too: then only what is in none of these moves.
    public var showsOthers: Bool
    /// What a later session needs to learn only what has changed; nil if the server does not say enough. Whether it holds,
    /// ``MailboxSession/mark(of:)`` says once the folder is listed.
    public var mark: FolderMark?

    /// - Parameter target: its own path where nil.
    public init(
        number: Int = 0, path: [String], validity: UInt32 = 0, messages: Int, octets: Int = 0,
        target: [String]? = nil, specialUse: SpecialUse? = nil, isSubscribed: Bool = true, showsOthers: Bool = false,
        mark: FolderMark? = nil
    ) {
        self.number = number
        self.path = path
        self.validity = validity
        self.messages = messages
        self.octets = octets
        self.target = target ?? path
        self.specialUse = specialUse
        self.isSubscribed = isSubscribed
        self.showsOthers = showsOthers
        self.mark = mark
    }

    /// Where new mail arrives, and the one folder of POP3.
    public static let inbox = ["INBOX"]

    /// Identifies a message of this folder; nil if the server gives it no id.
    public func identity(of message: ListedMessage) -> MessageIdentity? {
        message.uniqueID.map { MessageIdentity(folder: path, validity: validity, id: $0.detached) }
    }
}

/// Identifies a message in any session.
public struct MessageIdentity: Hashable, Sendable {
    /// As ``SourceFolder/path``.
    public var folder: [String]
    /// As ``SourceFolder/validity``.
    public var validity: UInt32
    public var id: UniqueID

    public init(folder: [String], validity: UInt32, id: UniqueID) {
        self.folder = folder
        self.validity = validity
        self.id = id
    }
}
