// SPDX-License-Identifier: Apache-2.0

/// What all runs have in common.
package struct RunCommons: Sendable {
    let vault: Vault
    let ledgerHash: LedgerHash
    let reach: OldServerReach
    let checkedSessions: CheckedSessions
    let largeMailboxes = LargeMailboxes()
    let youngRuns = YoungRuns()
    let spans = Spans()

    package init(
        vault: Vault, ledgerHash: LedgerHash, reach: OldServerReach, checkedSessions: CheckedSessions
    ) {
        self.vault = vault
        self.ledgerHash = ledgerHash
        self.reach = reach
        self.checkedSessions = checkedSessions
    }
}
