// SPDX-License-Identifier: Apache-2.0

package import Secrets
package import Vocabulary

/// Hashes for the ledger, keyed so that nobody can choose colliding ones.
package struct LedgerHash: Sendable {
    let hash: KeyedHash

    package init(hash: KeyedHash) { self.hash = hash }

    package func uniqueID(_ id: UniqueID) -> Int64 { Int64(bitPattern: id.withOctets { hash($0) }) }

    /// The scope in which a UIDL means something: this server and this user name.
    package func source(_ server: OldServer, username: String) -> Int64 {
        Int64(bitPattern: hash(Array("\(server.host.lowercased())\u{0}\(server.port)\u{0}\(username)".utf8)))
    }
}
