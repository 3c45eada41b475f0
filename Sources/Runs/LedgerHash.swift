// SPDX-License-Identifier: Apache-2.0

package import MailSource
package import Secrets
package import Vocabulary

/// Hashes for the ledger, keyed so that nobody can choose colliding ones.
package struct LedgerHash: Sendable {
    let hash: KeyedHash

    package init(hash: KeyedHash) { self.hash = hash }

    package func uniqueID(_ id: UniqueID) -> Int64 { Int64(bitPattern: id.withOctets { hash($0) }) }

    /// The scope in which a UIDL means something, and the mailbox as a whole: this server and this user name.
    package func source(_ server: OldServer, username: String) -> Int64 {
        Int64(bitPattern: hash(Array("\(server.host.lowercased())\u{0}\(server.port)\u{0}\(username)".utf8)))
    }

    /// The scope in which an id means something: the whole mailbox, or a folder for as long as its validity stays.
    fileprivate func source(of folder: SourceFolder, in mailbox: Int64) -> Int64 {
        guard folder.validity != 0 || folder.path != SourceFolder.inbox else { return mailbox }
        var scope: [UInt8] = []
        withUnsafeBytes(of: mailbox.littleEndian) { scope += $0 }
        withUnsafeBytes(of: folder.validity.littleEndian) { scope += $0 }
        for level in folder.path {
            scope += level.utf8
            scope.append(0)
        }
        return Int64(bitPattern: hash(scope))
    }
}

/// What the ledger calls the messages of one session: by the scope in which their ids mean something, and by the id in
/// that scope.
package struct LedgerNames: Sendable {
    /// Of the mailbox as a whole, as ``LedgerHash/source(_:username:)`` has it.
    package let mailbox: Int64
    /// By the folder's number.
    private var folders: [Scope] = []
    private let hash: LedgerHash

    private struct Scope: Sendable {
        var source: Int64
        /// Whether ids are the protocol's promise: they are not message numbers, whatever they look like.
        var isPromised: Bool
    }

    package init(_ folders: [SourceFolder], mailbox: Int64, hash: LedgerHash) {
        self.mailbox = mailbox
        self.hash = hash
        for folder in folders.sorted(by: { $0.number < $1.number }) {
            self.folders.append(
                Scope(source: hash.source(of: folder, in: mailbox), isPromised: folder.validity != 0))
        }
    }

    package func source(of folder: Int) -> Int64 {
        folders.indices.contains(folder) ? folders[folder].source : mailbox
    }

    func source(of message: ListedMessage) -> Int64 { source(of: message.folder) }

    /// Whether the message's id is promised to be its own.
    func isPromised(_ message: ListedMessage) -> Bool {
        folders.indices.contains(message.folder) && folders[message.folder].isPromised
    }

    /// What the ledger calls the message's id; nil if the server gives it none. Ids of different folders differ.
    package func id(of message: ListedMessage) -> Int64? {
        message.uniqueID.map { id in
            let source = source(of: message)
            // Of a mailbox as a whole it is the same on every server: then a row with the same UIDL is matched first.
            return source == mailbox ? hash.uniqueID(id) : hash.uniqueID(id) ^ source
        }
    }
}
