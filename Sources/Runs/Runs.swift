// SPDX-License-Identifier: Apache-2.0

// One account's run, and whose turn it is.
//
// 1. ``MoveScheduler`` wants a place at the old server for each account that is to run (`OldServerPolicy` decides who is
//    next), and runs it when it has one.
// 2. ``Runner`` opens the sealed password (``Vault``), checks that the mail store is still the same one (`StoreGuard`),
//    has leftovers of an earlier run ended (`IntentEnding`), and records how the run ends (``RunEnd``, `RunOutcome`).
// 3. ``Run`` is that run: sessions with the old server until one shows nothing new. The first may be the session in
//    which the login's password was checked (``CheckedSessions``). Between two messages it gives its place up where the
//    server bears too few for those who wait to log in (`Run+Connection`).
// 4. A session (`Run+Session`) lists the mailbox, compares it with the ledger (``RunPlan``, a value), streams what is
//    missing into the store, and submits what is staged there to `Delivery`. What is settled and what comes next is
//    kept in ``RunProgress``, a value. By IMAP a long mailbox is fetched over more sessions, where those bring more and
//    nobody waits for their places (``Convoy``).
// 5. The run of a paused account waits until it is resumed, or is given up (`PausedRuns`).

package import MailStore

/// What all runs have in common.
package struct RunCommons: Sendable {
    let store: any MailStore
    let vault: Vault
    let ledgerHash: LedgerHash
    let checkedSessions: CheckedSessions
    let largeMailboxes = LargeMailboxes()
    let youngRuns = YoungRuns()
    let spans = Spans()
    let masterRejections = MasterRejections()

    package init(
        store: any MailStore, vault: Vault, ledgerHash: LedgerHash, checkedSessions: CheckedSessions
    ) {
        self.store = store
        self.vault = vault
        self.ledgerHash = ledgerHash
        self.checkedSessions = checkedSessions
    }
}
