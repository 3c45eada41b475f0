// SPDX-License-Identifier: Apache-2.0

/// How far a folder has come: what a later session has seen is before it.
public struct FolderMark: Hashable, Sendable, LosslessStringConvertible {
    /// While this stays the same, an id in the folder means the same message (UIDVALIDITY, RFC 3501 §2.3.1.1).
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

    /// - Returns: nil where `text` is no ``description``.
    public init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4, let validity = UInt32(words[0]), let next = UInt32(words[1]),
            let messages = Int(words[2]), messages >= 0, let changes = UInt64(words[3])
        else { return nil }
        self.init(validity: validity, next: next, messages: messages, changes: changes)
    }

    public var description: String { "\(validity) \(next) \(messages) \(changes)" }
}
