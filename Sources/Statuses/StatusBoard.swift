// SPDX-License-Identifier: Apache-2.0

package import Ground
import Measures
public import Records
import Synchronization
public import Vocabulary

/// Answers how things stand, and tells everyone who watches when that changes.
///
/// Figures of accounts that are moving are kept here and answered from memory; all others are read.
public final class StatusBoard: Sendable {
    struct Watcher: Sendable {
        var subject: Subject
        var changed: @Sendable (AccountRecord) -> Void
    }

    /// What somebody watches.
    public enum Subject: Hashable, Sendable {
        case account(EmailAddress)
        case domain(DomainName)

        func contains(_ address: EmailAddress) -> Bool {
            switch self {
            case .account(let account): account == address
            case .domain(let domain): domain == address.domain
            }
        }
    }

    struct State: Sendable {
        /// Accounts that have a run, and since when.
        var running: [AccountRecord.ID: ContinuousClock.Instant] = [:]
        var moving: [EmailAddress: AccountRecord] = [:]
        /// Accounts that have a run on another node.
        var elsewhere: Set<AccountRecord.ID> = []
        /// How much had been moved of those when it was last seen.
        var seen: [AccountRecord.ID: (version: Int64, moved: Int64, octets: Int64)] = [:]
        var rates: [AccountRecord.ID: Rate] = [:]
        var settings: [String: MigrationSettings] = [:]
        var watchers: [UInt64: Watcher] = [:]
        var numbers: UInt64 = 0

        var told = ToldVersions()

        /// Who watches the account, unless a later state of it has been told: is told of this one now.
        /// - Parameter onlyNews: whether this state has not been told of, either.
        mutating func watchers(toldOf row: AccountRecord, onlyNews: Bool) -> [Watcher] {
            let those = watchers.values.filter { $0.subject.contains(row.address) }
            return those.isEmpty || !told.takes(row, onlyNews: onlyNews) ? [] : those
        }
    }

    let context: Context
    /// How much each domain has moved of late.
    let activity = MoveActivity()
    let state = Mutex(State())
    /// Held while telling, so that nobody is told of two states of an account in the wrong order.
    private let telling = Mutex(())

    package init(context: Context) { self.context = context }

    // MARK: Asking

    /// - Throws: ``MoveError`` with `accountNotFound`; `RecordsError`.
    public func status(of address: EmailAddress) async throws -> AccountStatus {
        if let row = state.withLock({ $0.moving[address] }), let settings = knownSettings(of: address.domain) {
            return status(of: row, settings: settings)
        }
        let (row, settings) = try await context.records.standing(of: .address(address))
        guard let row, row.deletedAt == nil else {
            throw MoveError(.accountNotFound, "there is no account \(address) on the new platform")
        }
        return status(of: row, settings: settings)
    }

    /// The status of a row just read or written.
    public func status(of row: AccountRecord, settings: MigrationSettings?) -> AccountStatus {
        let now = context.uptime()
        let (rate, isRunning) = state.withLock { state in
            let isRunning = state.running[row.id] != nil || state.elsewhere.contains(row.id)
            return (state.rates[row.id]?.perSecond(now: now), isRunning)
        }
        return AccountStatus(row, settings: settings, rate: rate, isRunning: isRunning, now: context.now())
    }

    /// - Throws: ``MoveError`` with `migrationNotEnabled` for an unknown domain; `InvalidCursor`; `RecordsError`.
    public func log(
        _ query: LogQuery
    ) async throws -> (entries: [AccountStatus], nextCursor: String?, total: Int64, totals: DomainTotals) {
        guard let log = try await context.records.log(query) else { throw Self.unknown(query.domain) }
        let page = log.page
        return (
            page.entries.map { status(of: $0, settings: log.settings) }, page.nextCursor, page.total, page.totals
        )
    }

    /// A domain's counts and the accounts that are moving: what a watcher of it sees first.
    public func snapshot(of domain: DomainName) async throws -> (totals: DomainTotals, moving: [AccountStatus]) {
        guard let progress = try await context.records.progress(of: domain) else { throw Self.unknown(domain) }
        let moving = progress.moving.map { status(of: $0, settings: progress.settings) }
        return (progress.totals, moving.filter { !$0.isQueued && !$0.isPaused })
    }

    /// - Throws: `InvalidCursor`; `RecordsError`.
    public func events(_ query: EventQuery) async throws -> EventPage {
        guard let page = try await context.records.events(query) else { throw Self.unknown(query.subject.domain) }
        return page
    }

    private static func unknown(_ domain: DomainName) -> MoveError {
        MoveError(.migrationNotEnabled, "no migration is enabled for \(domain), and it has no accounts here")
    }

    // MARK: Telling

    /// The row has changed, and the change is durable.
    package func changed(_ row: AccountRecord) {
        state.withLock { state in
            // Outside a run the records tell.
            if row.deletedAt == nil, row.status == .inProgress, state.running[row.id] != nil {
                if let known = state.moving[row.address], known.id == row.id, known.version > row.version { return }
                state.moving[row.address] = row
            } else {
                state.moving[row.address] = nil
                state.rates[row.id] = nil
            }
        }
        tell(row)
    }

    /// Tells watchers of the changed row; the run itself tells of an account that has one.
    func tell(_ row: AccountRecord, unlessTold onlyNews: Bool = false) {
        guard state.withLock({ !$0.watchers.isEmpty }) else { return }
        telling.withLock { _ in
            for watcher in state.withLock({ $0.watchers(toldOf: row, onlyNews: onlyNews) }) { watcher.changed(row) }
        }
    }

    /// Accounts whose run is in progress, not waiting.
    package var runningAccounts: Set<AccountRecord.ID> { state.withLock { $0.elsewhere.union($0.running.keys) } }

    /// A run of the account begins.
    package func begins(_ account: AccountRecord.ID) {
        let now = context.uptime()
        state.withLock { $0.running[account] = now }
        Measures.movesBegun.increment()
    }

    /// … and has ended, which is recorded durably.
    package func ends(_ account: AccountRecord.ID) {
        state.withLock { state in
            state.running[account] = nil
            state.rates[account] = nil
            if let address = state.moving.first(where: { $0.value.id == account })?.key { state.moving[address] = nil }
        }
    }

    /// This many messages of an account have become moved at once.
    package func moved(_ count: Int, octets: Int64, of account: AccountRecord) {
        let now = context.uptime()
        let start = state.withLock { state in
            state.rates[account.id, default: Rate()].add(count, now: now)
            return state.running[account.id]
        }
        Measures.messagesMoved.increment(by: count)
        Measures.octetsMoved.increment(by: octets)
        activity.moved(messages: count, octets: octets, of: account.address.domain.name, since: start ?? now, now: now)
    }

    package func remember(_ settings: MigrationSettings) {
        state.withLock { $0.settings[settings.domain] = settings }
    }

    /// The settings of every domain that is known so far.
    package func everySettings() -> [MigrationSettings] { state.withLock { Array($0.settings.values) } }

    package func forget(_ domain: DomainName) {
        state.withLock { _ = $0.settings.removeValue(forKey: domain.name) }
        activity.forget(domain.name)
    }

    /// The window of `domain` has changed: those who watch one of its accounts are told.
    ///
    /// - Parameter reclassified: accounts whose status changed with it; those who watch the domain are told of these
    ///   too.
    package func windowChanged(_ domain: DomainName, reclassified: [AccountRecord.ID] = []) async throws {
        let (accounts, isWatched) = state.withLock { state in
            let subjects = Set(state.watchers.values.map(\.subject))
            let accounts = subjects.compactMap { subject in
                if case .account(let address) = subject, address.domain == domain { address } else { nil }
            }
            return (accounts, subjects.contains(.domain(domain)))
        }
        let rows = try await context.records.accounts(accounts.map(AccountKey.address))
        for row in rows where row.deletedAt == nil { tell(row) }
        guard isWatched else { return }
        let told = Set(rows.map(\.id))
        let others = reclassified.filter { !told.contains($0) }
        for portion in stride(from: 0, to: others.count, by: 500).map({ others[$0..<min($0 + 500, others.count)] }) {
            let rows = try await context.records.accounts(portion.map(AccountKey.id))
            for row in rows where row.deletedAt == nil { tell(row) }
        }
    }

    package func settings(of domain: DomainName) -> MigrationSettings? { knownSettings(of: domain) }

    private func knownSettings(of domain: DomainName) -> MigrationSettings? {
        state.withLock { $0.settings[domain.name] }
    }

    // MARK: Watching

    /// Calls `changed` with every new state of `subject` until the returned number is given to ``unwatch(_:)``.
    /// `changed` may be called on any thread, never with a state older than the last, and must not wait.
    public func watch(_ subject: Subject, _ changed: @escaping @Sendable (AccountStatus) -> Void) -> UInt64 {
        state.withLock { state in
            state.numbers += 1
            state.watchers[state.numbers] = Watcher(subject: subject) { [weak self] row in
                guard let self else { return }
                changed(self.status(of: row, settings: self.knownSettings(of: row.address.domain)))
            }
            return state.numbers
        }
    }

    public func unwatch(_ number: UInt64) {
        state.withLock { _ = $0.watchers.removeValue(forKey: number) }
    }
}

extension EventQuery.Subject {
    fileprivate var domain: DomainName {
        switch self {
        case .account(let address): address.domain
        case .domain(let domain): domain
        }
    }
}

/// Messages a second over the last ten seconds or so.
struct Rate: Sendable {
    private var count = 0.0
    private var at: ContinuousClock.Instant?
    private var since: ContinuousClock.Instant?
    private static let memory = 10.0

    mutating func add(_ messages: Int, now: ContinuousClock.Instant) {
        if let at { count *= decay((now - at) / .seconds(1)) }
        count += Double(messages)
        at = now
        since = since ?? now
    }

    func perSecond(now: ContinuousClock.Instant) -> Double? {
        guard let at, let since else { return nil }
        let span = max(0.5, min(Self.memory, (now - since) / .seconds(1)))
        return count * decay((now - at) / .seconds(1)) / span
    }

    private func decay(_ seconds: Double) -> Double { max(0, 1 - max(0, seconds) / Self.memory) }
}
