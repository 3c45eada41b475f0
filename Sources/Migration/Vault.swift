// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Vocabulary

/// Seals old passwords for as long as a run needs them. Bound to the account: a sealed password moved to another
/// row does not open.
struct Vault: Sendable {
    let key: SealKey

    func seal(_ password: Password, for account: EmailAddress) -> [UInt8] {
        key.seal(password, context: account.description)
    }

    /// - Throws: ``MoveError`` with `interrupted` where the key is another than it was sealed under.
    func open(_ sealed: [UInt8], for account: EmailAddress) throws -> Password {
        do {
            return try key.open(sealed, context: account.description)
        } catch {
            throw MoveError(
                .interrupted,
                "the old password of \(account) was sealed under a key that is gone; the move goes on with the next login"
            )
        }
    }
}

/// Hashes for the ledger, keyed so that nobody can choose colliding ones.
struct LedgerHash: Sendable {
    let hash: KeyedHash

    func uniqueID(_ id: UniqueID) -> Int64 { Int64(bitPattern: id.withOctets { hash($0) }) }

    /// Where a UIDL means something: this server, this user name.
    func source(_ server: OldServer, username: String) -> Int64 {
        Int64(bitPattern: hash(Array("\(server.host.lowercased())\u{0}\(server.port)\u{0}\(username)".utf8)))
    }
}
