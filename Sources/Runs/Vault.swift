// SPDX-License-Identifier: Apache-2.0

package import Secrets
package import Vocabulary

/// Seals old passwords for as long as a run needs them. Bound to the account: a sealed password moved to another
/// row does not open.
package struct Vault: Sendable {
    let key: SealKey

    package init(key: SealKey) { self.key = key }

    package func seal(_ password: Password, for account: EmailAddress) -> [UInt8] {
        key.seal(password, context: account.description)
    }

    /// - Throws: ``MoveError`` with `interrupted` if the password was sealed under a different key.
    package func open(_ sealed: [UInt8], for account: EmailAddress) throws -> Password {
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
