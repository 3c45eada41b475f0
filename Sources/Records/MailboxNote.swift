// SPDX-License-Identifier: Apache-2.0

/// What is kept of an account's mailbox in the mail store's own words, by folder: a value among ``KeptRecords``, in which
/// names and notes are each ended by NUL.
public struct MailboxNote: Hashable, Sendable {
    public var folders: [String: String]

    public init(_ folders: [String: String] = [:]) { self.folders = folders }

    /// Where a text has NUL, it is no name and no note.
    public init(octets: [UInt8]) {
        let fields = octets.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        var folders: [String: String] = [:]
        for start in stride(from: 0, to: fields.count - 1, by: 2) { folders[fields[start]] = fields[start + 1] }
        self.folders = folders
    }

    public var octets: [UInt8] {
        folders.sorted { $0.key < $1.key }.flatMap { Array($0.key.utf8) + [0] + Array($0.value.utf8) + [0] }
    }

    /// The name under which it is kept.
    public static func name(of account: AccountRecord.ID) -> String { "mailbox \(account)" }
}
