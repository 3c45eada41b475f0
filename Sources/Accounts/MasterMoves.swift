// SPDX-License-Identifier: Apache-2.0

package import Ground
import MailSource
import Records
package import Runs
public import Secrets
package import Statuses
public import Vocabulary

/// The outcome of asking for moves by the old server's master user.
public struct MasterMoveOutcome: Sendable {
    public struct Rejection: Sendable {
        public var address: EmailAddress
        public var reason: Reason
        public var detail: String
    }

    /// Accounts whose run waits for its turn.
    public var queued = 0
    public var rejected: [Rejection] = []
}

/// Moves mail through the old server's master user, before anyone logs in.
///
/// 1. The password is tried: for three accounts at most, until one is let in. Each try counts against the master user
///    over there.
/// 2. It is sealed for each account's run, and erased with that run's end. No account's own password is touched.
public struct MasterMoves: Sendable {
    private let context: Context
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let vault: Vault

    package init(context: Context, statuses: StatusBoard, scheduler: MoveScheduler, vault: Vault) {
        self.context = context
        self.statuses = statuses
        self.scheduler = scheduler
        self.vault = vault
    }

    private static let mostTries = 3

    /// All accounts of a domain that may move.
    /// - Throws: as ``move(_:of:password:)``.
    public func move(_ domain: DomainName, password: Password) async throws -> MasterMoveOutcome {
        let settings = try await openSettings(of: domain)
        var outcome = MasterMoveOutcome()
        var accounts: [AccountRecord] = []
        var cursor: EmailAddress?
        repeat {
            let page = try await context.records.accounts(of: domain, search: nil, after: cursor, limit: 1000)
            accounts += page.accounts.filter { $0.nonMigrating == nil }
            cursor = page.next
        } while cursor != nil
        try await move(accounts, settings, password, &outcome)
        return outcome
    }

    /// - Parameter addresses: of any domains; those that cannot move are told, and do not stop the others, nor does a
    ///   domain stop another.
    /// - Throws: where all are of one domain, ``MoveError`` with `migrationNotEnabled`, `migrationExpired`, or
    ///   `masterRejected`, in which case nothing is queued; ``InvalidParameter`` where the settings name no master user;
    ///   `RecordsError`.
    public func move(_ addresses: [EmailAddress], password: Password) async throws -> MasterMoveOutcome {
        var outcome = MasterMoveOutcome()
        let rows = try await context.records.accounts(Array(Set(addresses)).sorted().map(AccountKey.address))
            .filter { $0.deletedAt == nil }
        let there = Set(rows.map(\.address))
        for missing in Set(addresses).subtracting(there).sorted() {
            outcome.reject(missing, .accountNotFound, "there is no such account on the new platform")
        }
        for row in rows where row.nonMigrating != nil {
            outcome.reject(row.address, .nonMigratingAccount, "it is not part of the migration")
        }
        let moving = Dictionary(grouping: rows.filter { $0.nonMigrating == nil }, by: \.address.domain)
        for (domain, rows) in moving.sorted(by: { $0.key.name < $1.key.name }) {
            do {
                try await move(rows, try await openSettings(of: domain), password, &outcome)
            } catch let error as MoveError where moving.count > 1 {
                for row in rows { outcome.reject(row.address, error.reason, error.detail) }
            }
        }
        return outcome
    }

    private func move(
        _ accounts: [AccountRecord], _ settings: MigrationSettings, _ password: Password,
        _ outcome: inout MasterMoveOutcome
    ) async throws {
        guard let master = settings.oldServer.master else {
            throw InvalidParameter("masterPassword", "needs a master user: name one in oldServer.master")
        }
        var refused: [MasterMoveOutcome.Rejection] = []
        // Those that could not be entered for now, which says nothing about the others.
        var busy: [AccountRecord] = []
        var rest = accounts[...]
        while let account = rest.first {
            let refusal: String
            switch try await attempt(of: master, account.address, settings.oldServer, password) {
            case .isLetIn:
                scheduler.masterIsLetIn(by: settings.oldServer)
                outcome.rejected += refused
                return try await queue(busy + rest, settings, password, &outcome)
            case .isBusy(let error):
                busy.append(account)
                rest = rest.dropFirst()
                guard busy.count + refused.count < Self.mostTries, !rest.isEmpty else { throw error }
                continue
            case .isRefused(let words): refusal = words
            }
            rest = rest.dropFirst()
            refused.append(
                MasterMoveOutcome.Rejection(address: account.address, reason: .masterRejected, detail: refusal))
            guard busy.count + refused.count < Self.mostTries, !rest.isEmpty else {
                throw MoveError(
                    .masterRejected,
                    "the old server lets \(master.user) into no mailbox: \(refusal); see its name and form in "
                        + "oldServer.master, and its password")
            }
        }
    }

    private enum Attempt {
        case isLetIn
        case isRefused(String)
        /// The mailbox cannot be entered for now.
        case isBusy(MoveError)
    }

    /// Whether the master user is let into a mailbox.
    /// - Throws: ``MoveError`` where that cannot be told of any.
    private func attempt(
        of master: OldServer.Master, _ address: EmailAddress, _ server: OldServer, _ password: Password
    ) async throws -> Attempt {
        let answer: SourceAnswer
        do throws(SourceError) {
            let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
            defer { line.abort() }
            answer = try await line.check(master, for: server.username(of: address), password: password)
            if case .accepted(let session) = answer { try await session.leave() }
        } catch {
            try Task.checkCancellation()
            let reported = MoveError(error.reason, error.description, retryAfter: error.pause)
            guard error.code == .busy else { throw reported }
            return .isBusy(reported)
        }
        switch answer {
        case .accepted: return .isLetIn
        case .rejected(let text), .noSuchUser(let text): return .isRefused(text)
        case .busy(.mailboxInUse, let text, let seconds):
            return .isBusy(MoveError(.mailboxInUse, text, retryAfter: seconds))
        case .busy(let reason, let text, let seconds): throw MoveError(reason, text, retryAfter: seconds)
        case .failed(let reason, let text, _): throw MoveError(reason, text)
        }
    }

    private func queue(
        _ accounts: [AccountRecord], _ settings: MigrationSettings, _ password: Password,
        _ outcome: inout MasterMoveOutcome
    ) async throws {
        let now = context.now()
        for portion in accounts.portions(of: 500) {
            let effects = portion.map { account in
                LoginEffects(
                    .startedByMaster(LoginEffects.Sealed(vault.seal(master: password, for: account.address))),
                    via: .admin, at: now, asked: account, address: account.address, generation: settings.generation)
            }
            let outcomes = try await context.records.changeEach(portion.map { AccountKey.id($0.id) }) { index, facts in
                (effects[index].effects(on: facts), facts.account?.pending != nil)
            }
            for (account, result) in zip(portion, outcomes) {
                switch result {
                case .success((let changed?, _)):
                    statuses.changed(changed)
                    scheduler.submit(changed, settings)
                    outcome.queued += 1
                // Its own password is kept for a run already.
                case .success((nil, true)): outcome.queued += 1
                case .success:
                    outcome.reject(account.address, .overloaded, "it has changed meanwhile; ask again")
                case .failure(let error): outcome.reject(account.address, .databaseUnavailable, "\(error)")
                }
            }
        }
    }

    private func openSettings(of domain: DomainName) async throws -> MigrationSettings {
        let settings = try await context.records.settings(of: domain)
        switch settings?.state(at: context.now()) {
        case .active?: break
        case .expired?:
            throw MoveError(.migrationExpired, "migration of \(domain) has ended; extend it or enable it again")
        case .disabled?: throw MoveError(.migrationNotEnabled, "migration of \(domain) is disabled; enable it again")
        case nil: throw MoveError(.migrationNotEnabled, "migration of \(domain) was never enabled")
        }
        guard let settings else { throw MoveError(.migrationNotEnabled, "migration of \(domain) was never enabled") }
        return settings
    }
}

extension MasterMoveOutcome {
    fileprivate mutating func reject(_ address: EmailAddress, _ reason: Reason, _ detail: String) {
        rejected.append(Rejection(address: address, reason: reason, detail: detail))
    }
}
