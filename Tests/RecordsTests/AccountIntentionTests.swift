// SPDX-License-Identifier: Apache-2.0

import Records
import Testing
import Vocabulary

/// What all records promise of accounts and settings.
@Suite struct AccountIntentionTests {
    private let sample: Sample

    init() throws { sample = try Sample() }

    private struct Refusal: Error {}

    @Test(arguments: RecordsKind.allCases)
    func aChangeMakesARowAndEachFurtherOneALaterVersionOfIt(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            #expect(try await records.facts(of: .address(sample.ann)).row == nil)
            let created = try await records.create(sample.account(sample.ann))
            #expect(try await records.account(sample.ann) == created)
            let changed = try await records.change(.id(created.id)) { facts in
                facts.account.map { account in
                    var account = account
                    account.displayName = "Ann"
                    return AccountEffects(account)
                }
            }
            #expect(changed?.displayName == "Ann")
            #expect(changed.map { $0.version > created.version } == true)
            #expect(try await records.account(id: created.id) == changed)
            #expect(try await records.change(.id(created.id)) { _ in nil } == nil)
            #expect(try await records.account(id: created.id) == changed)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aDeletedAccountsRowStaysAndIsNoAccount(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            try await records.create(sample.account(sample.ann) { $0.deletedAt = sample.now })
            let facts = try await records.facts(of: .address(sample.ann))
            #expect(facts.row != nil)
            #expect(facts.account == nil)
            #expect(try await records.accounts(of: sample.domain, search: nil, after: nil, limit: 9).accounts.isEmpty)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aChangeIsDecidedOnWhatThoseBeforeItHaveMade(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let (ann, account) = (sample.ann, sample.account(sample.ann))
            let changes = try await records.change([.address(ann), .address(ann)]) { place, facts in
                facts.account == nil ? (AccountEffects(account), "new \(place)") : (nil, "there \(place)")
            }
            #expect(changes.map(\.verdict) == ["new 0", "there 1"])
            #expect(changes.map { $0.changed != nil } == [true, false])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func changesTakeEffectTogetherOrNotAtAll(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let accounts = [sample.account(sample.ann), sample.account(sample.bob)]
            await #expect(throws: Refusal.self) {
                try await records.change(accounts.map { .address($0.address) }) { place, _ in
                    guard place == 0 else { throw Refusal() }
                    return (AccountEffects(accounts[0]), ())
                }
            }
            #expect(try await records.account(sample.ann) == nil)

            let ann = try await records.create(accounts[0])
            let row = sample.row(1)
            await #expect(
                performing: {
                    try await records.change(.id(ann.id)) { facts in
                        var effects = AccountEffects(facts.account, events: [self.sample.event(.triggered)])
                        effects.account?.moved = 2
                        effects.added = [row, row]
                        effects.kept = ["x": [1]]
                        return effects
                    }
                }, throws: isConflict)
            #expect(try await records.account(sample.ann) == ann)
            #expect(try await records.ledger(of: ann.id).isEmpty)
            #expect(try await records.kept("x") == nil)
            let page = try await records.events(EventQuery(subject: .account(sample.ann)))
            #expect(page?.events.isEmpty == true)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatWasMadeOfAnOlderStateIsRefused(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let old = try await records.create(sample.account(sample.ann))
            try await records.change(.id(old.id)) { facts in
                var effects = AccountEffects(facts.account)
                effects.account?.displayName = "Ann"
                return effects
            }
            await #expect(
                performing: {
                    try await records.change(.id(old.id)) { _ in
                        var stale = old
                        stale.displayName = "Anna"
                        return AccountEffects(stale)
                    }
                }, throws: isConflict)
            #expect(try await records.account(id: old.id)?.displayName == "Ann")
            // Nor does it become another account's.
            await #expect(
                performing: {
                    try await records.change(.id(old.id)) { facts in
                        var effects = AccountEffects(facts.account)
                        effects.account?.address = self.sample.bob
                        return effects
                    }
                }, throws: isConflict)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func otherSettingsReclassifyAccountsAndSettleTheirRuns(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let run = PendingRun(kind: .first, due: sample.now)
            var rows: [AccountRecord] = []
            for address in [sample.ann, sample.bob] {
                rows.append(try await records.create(sample.account(address) { $0.keep([1], run) }))
            }
            let first = sample.settings()
            let begun = try #require(
                try await records.settle(sample.domain) { before in
                    #expect(before == nil)
                    return SettingsChange(first, known: [], excluded: [])
                } _: { account, _, _ in
                    account
                })
            #expect(begun.before == nil)
            #expect(begun.settings == first)
            #expect(begun.reclassified.isEmpty)
            #expect(begun.sealed.map(\.address) == [sample.ann, sample.bob])

            let (second, ann) = (sample.settings(knowsAccounts: true, generation: 2), sample.ann)
            let settled = try #require(
                try await records.settle(sample.domain) { before in
                    #expect(before == first)
                    return SettingsChange(second, known: [ann], excluded: [])
                } _: { account, before, after in
                    #expect((before, after) == (first, second))
                    guard account.nonMigrating != nil else { return account }
                    var account = account
                    account.sealed = nil
                    account.pending = nil
                    return account
                })
            #expect(settled.reclassified == [rows[1].id])
            #expect(settled.sealed.map { $0.sealed != nil } == [true, false])
            let bob = try await records.account(sample.bob)
            #expect(bob?.nonMigrating == .notKnown)
            #expect(bob?.sealed == nil)
            #expect(bob.map { $0.version > rows[1].version } == true)
            let facts = try await records.facts(of: .address(sample.ann))
            #expect(facts.isKnown)
            #expect(facts.listedEvidence == nil)
            #expect(try await records.facts(of: .address(sample.bob)).listedEvidence == .notKnown)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func settingsOfAnotherMindStayAsTheyAre(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let ann = try await records.create(sample.account(sample.ann) { $0.nonMigrating = .reply })
            let nothing = try await records.settle(sample.domain) { _ in
                nil
            } _: { account, _, _ in
                account
            }
            #expect(nothing == nil)
            #expect(try await records.settings(of: sample.domain) == nil)
            #expect(try await records.account(sample.ann) == ann)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatAReplySaidStaysOrIsRevokedAsTheChangeSays(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let (settings, bob) = (sample.settings(), sample.bob)
            for address in [sample.ann, sample.bob] {
                try await records.create(sample.account(address) { $0.nonMigrating = .reply })
            }
            func evidence(
                after wish: SettingsChange.Evidence, excluding excluded: [EmailAddress]
            ) async throws -> [AccountRecord.NonMigratingEvidence?] {
                _ = try await records.settle(sample.domain) { _ in
                    var change = SettingsChange(settings, known: nil, excluded: excluded)
                    change.evidence = wish
                    return change
                } _: { account, _, _ in
                    account
                }
                return [
                    try await records.account(sample.ann)?.nonMigrating, try await records.account(bob)?.nonMigrating,
                ]
            }
            #expect(try await evidence(after: .stays, excluding: [bob]) == [.reply, .reply])
            #expect(try await evidence(after: .listsAlone, excluding: [bob]) == [.reply, .excluded])
            #expect(try await evidence(after: .listsAlone, excluding: []) == [.reply, nil])
            #expect(try await evidence(after: .judgedAfresh, excluding: []) == [nil, nil])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatHappensToADomainIsAnEventOfNoAccount(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let (settings, domain, now) = (sample.settings(), sample.domain, sample.now)
            try await records.create(sample.account(sample.ann))
            try await records.append([sample.event(.created)])
            for detail in ["order: a → b", "order: b → a", "order: a → b"] {
                _ = try await records.settle(domain) { _ in
                    var change = SettingsChange(settings, known: nil, excluded: nil)
                    change.events = [EventRecord(at: now, domain: domain, kind: .settingsChanged, detail: detail)]
                    return change
                } _: { account, _, _ in
                    account
                }
            }
            _ = try await records.disable(domain, at: now)
            _ = try await records.disable(domain, at: now)
            let told = try await records.events(EventQuery(subject: .domain(domain)))?.events
            #expect(told?.map(\.kind) == [.created] + Array(repeating: .settingsChanged, count: 3) + [.disabled])
            #expect(told?.map(\.account) == [sample.ann, nil, nil, nil, nil])
            #expect(told?.allSatisfy { $0.domain == domain && $0.count == 1 } == true)
            #expect(told?.dropFirst().first?.detail == "order: a → b")
            let hers = try await records.events(EventQuery(subject: .account(sample.ann)))?.events
            #expect(hers?.map(\.kind) == [.created])
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func aWindowThatIsEndedTakesThePasswordsWithIt(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            #expect(try await records.disable(sample.domain, at: sample.now) == nil)
            let settings = sample.settings()
            _ = try await records.settle(sample.domain) { _ in
                SettingsChange(settings, known: nil, excluded: nil)
            } _: { account, _, _ in
                account
            }
            let ann = try await records.create(
                sample.account(sample.ann) { $0.keep([1], PendingRun(kind: .first, due: sample.now)) })
            #expect(try await records.disable(sample.domain, at: sample.now) == [ann.id])
            let after = try await records.account(sample.ann)
            #expect(after?.sealed == nil)
            #expect(after?.pending == nil)
            #expect(after.map { $0.version > ann.version } == true)
            let ended = try await records.settings(of: sample.domain)
            #expect(ended?.disabledAt == sample.now)
            #expect(ended?.generation == 2)
            #expect(try await records.disable(sample.domain, at: sample.now.adding(seconds: 9)) == [])
            #expect(try await records.settings(of: sample.domain) == ended)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatIsForgottenIsAsIfNeverStartedAndAccountsStay(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let settings = sample.settings()
            _ = try await records.settle(sample.domain) { _ in
                SettingsChange(settings, known: nil, excluded: [])
            } _: { account, _, _ in
                account
            }
            let ann = try await records.create(
                sample.account(sample.ann) { account in
                    account.outcome = .completed
                    account.startedAt = sample.now
                    account.moved = 1
                    account.handover = .unchanged
                })
            _ = try await records.change(.id(ann.id)) { [sample] _ in
                var effects = AccountEffects(events: [sample.event(.completed)])
                effects.added = [sample.row(1)]
                effects.mailbox = .marked("m")
                return effects
            }
            await #expect(throws: Refusal.self) {
                try await records.forget(sample.domain) { settings, moving in
                    #expect(settings != nil)
                    #expect(moving.isEmpty)
                    throw Refusal()
                }
            }
            #expect(try await records.ledger(of: ann.id).count == 1)
            #expect(try await records.forget(sample.domain) { _, _ in } == [ann.id])
            let after = try await records.account(sample.ann)
            #expect(after?.outcome == .notStarted)
            #expect(after?.moved == 0)
            #expect(after?.handover == .unchanged)
            #expect(after?.passwordHash == ann.passwordHash)
            #expect(after.map { $0.version > ann.version } == true)
            #expect(try await records.ledger(of: ann.id).isEmpty)
            #expect(try await records.settings(of: sample.domain) == nil)
            #expect(try await records.mailbox(of: ann.id, keeping: [])?.mailbox == MarkedMailbox(marker: nil))
            #expect(try await records.events(EventQuery(subject: .account(sample.ann)))?.events.isEmpty == true)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whoNeedsAttentionIsListedApart(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let retry = PendingRun(kind: .retry, due: sample.now)
            let kinds: [(name: String, needsAttention: Bool, change: (inout AccountRecord) -> Void)] = [
                ("idle", false, { _ in }),
                ("wrong", true, { $0.lastAttempt = sample.attempt(.rejected) }),
                ("away", true, { $0.lastAttempt = sample.attempt(.unavailable) }),
                ("unknown", false, { $0.lastAttempt = sample.attempt(.noSuchUser) }),
                ("paused", true, { $0.isPaused = true }),
                ("given-up", true, { $0.fail(.oldServerUnreachable, sample) }),
                (
                    "retried", false,
                    {
                        $0.fail(.oldServerUnreachable, sample)
                        $0.keep([1], retry)
                    }
                ),
                (
                    "refused", true,
                    {
                        $0.fail(.messagesRefused, sample)
                        $0.keep([1], retry)
                    }
                ),
                (
                    "excluded", false,
                    {
                        $0.nonMigrating = .excluded
                        $0.lastAttempt = sample.attempt(.rejected)
                    }
                ),
            ]
            for (name, needsAttention, change) in kinds {
                let account = try await records.create(sample.account(try EmailAddress("\(name)@example.org"), change))
                #expect(account.needsAttention == needsAttention, "\(name)")
                #expect(try await records.account(id: account.id) == account, "\(name)")
            }
            let log = try await records.log(LogQuery(domain: sample.domain, needsAttention: true, limit: 3))
            let expected = kinds.filter(\.needsAttention).map(\.name).sorted()
            #expect(log?.page.entries.map(\.address.localPart) == Array(expected.prefix(3)))
            #expect(log?.page.total == Int64(expected.count))
            #expect(log?.page.totals.attention[.notStarted] == 3)
            #expect(log?.page.totals.attention[.failed] == 2)
            let rest = try await records.log(
                LogQuery(domain: sample.domain, needsAttention: true, cursor: log?.page.nextCursor))
            #expect(rest?.page.entries.map(\.address.localPart) == Array(expected.dropFirst(3)))
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatWaitsForARunAndWhatForALoginIsFoundByItsDomain(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let accounts: [(name: String, outcome: MigrationStatus, isSealed: Bool, isPaused: Bool)] = [
                ("kept@example.org", .failed, true, false), ("lost@example.org", .failed, false, false),
                ("paused@example.org", .failed, false, true), ("new@example.org", .notStarted, false, false),
                ("lost@example.com", .failed, false, false), ("kept@example.com", .inProgress, true, false),
            ]
            for (name, outcome, isSealed, isPaused) in accounts {
                let account = try await records.create(
                    sample.account(try EmailAddress(name)) {
                        $0.outcome = outcome
                        $0.isPaused = isPaused
                        if isSealed { $0.keep([1], PendingRun(kind: .retry, due: sample.now)) }
                    })
                #expect(account.needsLogin == name.hasPrefix("lost"), "\(name)")
            }
            let kept = try await records.account(try EmailAddress("kept@example.org"))
            let waiting = try await records.waitingAccounts(of: sample.domain)
            #expect(waiting.sealed == [kept?.id])
            #expect(waiting.needLogin == [try EmailAddress("lost@example.org")])
            let nobody = try await records.waitingAccounts(of: try DomainName("none.example"))
            #expect(nobody.sealed.isEmpty && nobody.needLogin.isEmpty)
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatIsUnderWayLeavesOutWhoIsPaused(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            func move(_ name: String, isPaused: Bool) async throws -> AccountRecord {
                try await records.create(
                    sample.account(try EmailAddress("\(name)@example.org")) {
                        $0.outcome = .inProgress
                        $0.isPaused = isPaused
                        ($0.remaining, $0.remainingOctets, $0.runs) = (10, 1000, 1)
                    })
            }
            let (ann, bob) = (try await move("ann", isPaused: false), try await move("bob", isPaused: true))
            let (totals, running) = try await records.totals(of: sample.domain, running: [ann.id, bob.id])
            #expect(running == 1)
            #expect(totals.paused == 1)
            #expect(totals.remaining == 20)
            #expect(totals.underWay == DomainTotals.Remainder(accounts: 1, messages: 10, octets: 1000))
            try await records.change(.id(bob.id)) { facts in
                var effects = AccountEffects(facts.account)
                effects.account?.isPaused = false
                return effects
            }
            let after = try await records.totals(of: sample.domain, running: [])
            #expect(after.running == 0 && after.totals.paused == 0)
            #expect(after.totals.underWay == DomainTotals.Remainder(accounts: 2, messages: 20, octets: 2000))
        }
    }

    @Test(arguments: RecordsKind.allCases)
    func whatNobodyKnowsIsNotKnown(_ kind: RecordsKind) async throws {
        try await kind.with { records in
            let query = LogQuery(domain: sample.domain)
            #expect(try await records.log(query) == nil)
            #expect(try await records.progress(of: sample.domain) == nil)
            #expect(try await records.overview(of: sample.domain, running: []) == nil)
            #expect(try await records.events(EventQuery(subject: .domain(sample.domain))) == nil)
            let ann = try await records.create(sample.account(sample.ann) { $0.outcome = .inProgress })
            #expect(try await records.log(query)?.page.entries == [ann])
            #expect(try await records.progress(of: sample.domain)?.moving == [ann])
            #expect(try await records.overview(of: sample.domain, running: []) == nil)
            #expect(try await records.events(EventQuery(subject: .domain(sample.domain)))?.events.isEmpty == true)
            #expect(try await records.unfinishedAccounts().moving == [ann])
        }
    }
}

extension AccountRecord {
    fileprivate mutating func fail(_ reason: Reason, _ sample: Sample) {
        outcome = .failed
        error = RunFailure(reason: reason, detail: "", at: sample.now)
    }

    fileprivate mutating func keep(_ sealed: [UInt8], _ run: PendingRun) {
        self.sealed = sealed
        pending = run
    }
}
