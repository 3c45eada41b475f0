// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Records
import Vocabulary

/// Everything that a login is decided on, read at one moment.
struct LoginFacts: Sendable {
    /// nil if there is none, or it was deleted.
    var account: AccountRecord?
    /// The account's entry in the directory; nil if there is none or the directory was not asked.
    var entry: DirectoryEntry?
    /// Whether a deleted account of that address has a row.
    var wasDeleted: Bool
    var settings: MigrationSettings?
    /// Whether the address is on the list of known or of excluded accounts.
    var isKnown: Bool
    var isExcluded: Bool
    var now: Timestamp

    /// Whether the domain's window is open.
    var isOpen: Bool { settings?.state(at: now) == .active }

    /// Whether the window is open and the address may move.
    var migrates: Bool {
        guard let settings, isOpen, !isExcluded else { return false }
        return isKnown || !settings.hasKnownAccounts
    }

    /// Identifies the current password, to remember that it was shown.
    var mark: PasswordMark? {
        guard let account, let settings else { return nil }
        return PasswordMark(revision: account.revision, generation: settings.generation)
    }
}

/// What a login leads to, before the old server is asked: the contract's table as a function.
enum LoginDecision: Equatable, Sendable {
    /// The password is right here; nothing else follows.
    case accept
    /// … and mail that has arrived since is fetched.
    case acceptAndRun
    /// … and the old server is asked, once, whether the password is valid there too.
    case acceptAndAsk
    /// The password is wrong here, and nobody is asked.
    case reject
    /// The old server decides.
    case ask
    /// The old server decides whether there is such an account at all.
    case askAndCreate

    init(_ facts: LoginFacts, matches: Bool) {
        guard facts.migrates, let settings = facts.settings, settings.syncPasswords else {
            self = matches ? .accept : .reject
            return
        }
        guard let account = facts.account else {
            self = settings.autoCreateAccounts && !facts.wasDeleted ? .askAndCreate : .reject
            return
        }
        let mark = facts.mark
        switch (matches, account.handover) {
        case (true, .unchanged): self = account.rejected == mark ? .accept : .acceptAndRun
        case (true, .changedHere): self = .accept
        case (true, .never): self = account.shown == mark || account.rejected == mark ? .accept : .acceptAndAsk
        case (false, .never): self = .ask
        // The old password is void once the account's own was accepted by the old server, or was changed here.
        case (false, .unchanged), (false, .changedHere): self = .reject
        }
    }
}
