// SPDX-License-Identifier: Apache-2.0

package import Secrets
package import Vocabulary

/// Seals old passwords for as long as a run needs them. Bound to the account: a sealed password moved to another
/// row does not open.
package struct Vault: Sendable {
    let key: SealKey

    package init(key: SealKey) { self.key = key }

    /// Digests that all who have this key make alike.
    package var sharedDigester: PasswordDigester { PasswordDigester(sharing: key) }

    package func seal(_ password: Password, for account: EmailAddress) -> [UInt8] {
        key.seal(password, context: account.description)
    }

    /// Seals the password of the old server's master user, for the run of an account.
    package func seal(master password: Password, for account: EmailAddress) -> [UInt8] {
        key.seal(password, context: Self.masterContext(account))
    }

    private static func masterContext(_ account: EmailAddress) -> String { "master user for \(account)" }

    /// What is sealed for an account's run.
    enum Opened: Sendable {
        case own(Password)
        /// The master user's.
        case masters(Password)
    }

    /// - Throws: as ``open(_:for:)``.
    func openForRun(_ sealed: [UInt8], for account: EmailAddress) throws -> Opened {
        if let password = try? key.open(sealed, context: Self.masterContext(account)) { return .masters(password) }
        return .own(try open(sealed, for: account))
    }

    /// Whether what is sealed for an account's run can be opened, whosever password it is.
    package func canOpen(_ sealed: [UInt8], for account: EmailAddress) throws {
        _ = try openForRun(sealed, for: account)
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
