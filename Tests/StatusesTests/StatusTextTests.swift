// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

@testable import Statuses

/// What users are told is true: of their password, of the window, and of their turn.
@Suite struct StatusTextTests {
    private let now = Timestamp(milliseconds: 1_700_000_000_000)
    private let row: AccountRecord
    private let settings: MigrationSettings

    init() throws {
        row = AccountRecord(address: try EmailAddress("ann@example.com"), passwordHash: "x", createdAt: now)
        settings = MigrationSettings(
            domain: try DomainName("example.com"), oldServer: OldServer(host: "192.0.2.1"), validDays: 30,
            hasKnownAccounts: false, autoCreateAccounts: false, syncPasswords: true, options: MoveOptions(),
            enabledAt: now, generation: 3, warnings: [])
    }

    private func text(
        _ change: (inout AccountRecord) -> Void = { _ in }, queued: Bool = false,
        settings change2: (inout MigrationSettings) -> Void = { _ in }
    ) -> String {
        var (row, settings) = (row, settings)
        change(&row)
        change2(&settings)
        return StatusText.status(row, settings: settings, isQueued: queued, now: now).en
    }

    @Test func nobodyIsSentToALoginThatStartsNothing() {
        #expect(text().contains("log in with your old password"))
        #expect(!text(settings: { $0.expiresAt = now }).contains("log in"))
        #expect(!text(settings: { $0.disabledAt = now }).contains("log in"))
        #expect(text(settings: { $0.syncPasswords = false }).contains("home page"))
        #expect(
            StatusText.status(row, settings: nil, isQueued: false, now: now).en == Reason.migrationNotEnabled.text.en)
    }

    @Test(arguments: [
        Reason.oldServerUnreachable, .oldServerProtocol, .mailboxInUse, .messagesRefused, .mailStoreUnavailable,
    ])
    func anotherTryIsPromisedOnlyWhereThePasswordIsKept(_ reason: Reason) {
        func fail(_ row: inout AccountRecord) { row.fail(with: reason, "x", at: now) }
        #expect(!text(fail).contains("We will try again"))
        #expect(!reason.text.en.contains("We will try again"))
        let kept = text { row in
            fail(&row)
            row.keep([1], for: PendingRun(kind: .retry, due: now))
        }
        #expect(kept.hasSuffix("We will try again."))
        let handedOver = text { row in
            fail(&row)
            row.handover = .unchanged
        }
        #expect(handedOver.hasSuffix("at your next login."))
        #expect(text(fail, settings: { $0.expiresAt = now }).hasSuffix("contact your administrator."))
    }

    @Test func whoWaitsForATurnIsNotCalledMoving() {
        #expect(text({ $0.beginMoving() }, queued: true).contains("waits for its turn"))
        #expect(text { $0.beginMoving() } == "Your old mail is being moved.")
    }

    @Test(arguments: Reason.allCases)
    func anEventSpeaksToAdministrators(_ reason: Reason) {
        let event = EventRecord(at: now, account: row.address, kind: .failed, reason: reason)
        for words in ["We will", "your administrator", "your old"] {
            #expect(!StatusText.event(event).en.contains(words))
        }
    }
}
