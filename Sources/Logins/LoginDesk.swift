// SPDX-License-Identifier: Apache-2.0

package import AccountDirectory
package import Ground
import PlatformHashes
package import Records
package import Runs
package import Secrets
package import Statuses
import Synchronization
import Vocabulary
import Waiting

/// Where every login is decided.
public final class LoginDesk: Sendable {
    let context: Context
    let statuses: StatusBoard
    let scheduler: MoveScheduler
    let pool: HashingPool
    let vault: Vault
    let directory: any AccountDirectory
    /// What they are asked, and who asks again.
    let lateQuestions = LateQuestions()
    /// Accounts of an external directory whose hand-over is under way.
    let handingOver = Mutex<Set<EmailAddress>>([])
    /// Accounts of which it was said that their hash cannot be verified.
    let strangers = Mutex<Set<EmailAddress>>([])
    let checkedSessions: CheckedSessions
    let questions: Questions
    let settingsWatch = SettingsWatch()
    let digester = PasswordDigester()
    /// Under the key that all nodes have.
    let sharedDigester: PasswordDigester
    let cache = PasswordCache()
    let guesses = Mutex(GuessLimits())
    /// One question per account at a time: a second one is decided on what the first has changed.
    let turn = Turnstile<EmailAddress>()
    let background = BackgroundWork()
    /// By account: settled when somebody waits for a turn that a background question is holding.
    let patient = Mutex<[EmailAddress: Latch<Void>]>([:])
    /// By server name: how long logins took that the old server rejected.
    let rejections = Mutex<[String: RecentDurations]>([:])

    package init(
        context: Context, statuses: StatusBoard, scheduler: MoveScheduler, pool: HashingPool, vault: Vault,
        directory: any AccountDirectory, checkedSessions: CheckedSessions
    ) {
        self.context = context
        self.statuses = statuses
        self.scheduler = scheduler
        self.pool = pool
        self.vault = vault
        sharedDigester = vault.sharedDigester
        self.directory = directory
        self.checkedSessions = checkedSessions
        self.questions = Questions(
            context: context, places: scheduler.places, watch: settingsWatch, sessions: checkedSessions)
    }

    /// Everything that a login is decided on, read at one moment.
    /// - Parameter password: what was given, which may settle a hand-over that was interrupted.
    func facts(of address: EmailAddress, given password: Password? = nil) async throws -> LoginFacts {
        var facts = try await recordedFacts(of: address)
        guard directory.decidesLogins else { return try await looked(up: facts, at: address, given: password) }
        let recorded = facts.account.map { DirectoryEntry(hash: $0.passwordHash) }
        facts.entry = recorded == nil ? nil : try await directory.lookup(address, recorded: recorded)
        return facts
    }

    /// What is known without asking a directory.
    func recordedFacts(of address: EmailAddress) async throws -> LoginFacts {
        let now = context.now()
        let known = try await context.records.facts(of: .address(address))
        return LoginFacts(
            account: known.account, wasDeleted: known.row != nil && known.account == nil, settings: known.settings,
            isKnown: known.isKnown, isExcluded: known.isExcluded, now: now)
    }

    /// Whether the password is the account's own; for an unknown account it takes as long to say no.
    func verify(_ password: Password, digest: PasswordDigest, _ facts: LoginFacts) async throws -> Bool {
        guard let account = facts.account, let entry = facts.entry else {
            try await pool.decoy(password)
            return false
        }
        guard let stored = entry.hash else { return try await directory.matches(password, of: account.address) }
        if cache.contains(digest, for: account.address.description, hash: stored, now: context.uptime()) { return true }
        let hash = try platformHash(stored)
        guard try await pool.verify(password, against: hash) else { return false }
        // A hash that costs nothing may be the password itself.
        if !hash.isCheap { remember(digest, of: account, hash: stored) }
        return true
    }

    /// A hash as the directory writes it.
    /// - Throws: `SecretsError` (`unsupportedHash`).
    func platformHash(_ text: String) throws(SecretsError) -> PlatformHash {
        try PlatformHash(text, orPlain: directory.style == .plain)
    }

    /// Remembers the account's own password, so that its next logins cost no hashing.
    func remember(_ digest: PasswordDigest, of account: AccountRecord, hash: String) {
        remember(digest, as: account.address.description, hash: hash)
    }

    func remember(_ digest: PasswordDigest, as name: String, hash: String) {
        let seconds = context.limits.passwordCacheSeconds
        guard seconds > 0 else { return }
        let until = context.uptime().advanced(by: .seconds(seconds))
        cache.insert(digest, for: name, hash: hash, until: until)
    }

    /// Takes up the wrong guesses that were counted before a restart.
    package func restoreFailures() async {
        let now = context.moment
        let uptime = MachineUptime(now.uptime).milliseconds
        let horizon = uptime - Int64(context.limits.failureWindow * 1000)
        do {
            let failures = try await context.records.restoreFailures(at: uptime, since: horizon)
            guesses.withLock {
                $0.restore(failures.map { ($0, Double(uptime - $0.uptime) / 1000) }, now: now)
            }
        } catch {
            context.log.error("counted failures of before the restart are lost: \(error)")
        }
    }

    /// Tells a background question about the account to make way, because somebody waits for the old server's answer.
    func hurry(_ account: EmailAddress) { patient.withLock { $0[account] }?.settle(()) }

    package func runBackground() async { await background.run() }

    package func stopBackground() async { background.stop() }

    /// Whether no background work of logins is under way or waiting.
    package var isIdle: Bool { background.isIdle && !scheduler.places.isAsking }

    /// Ends questions that were asked under older settings of the domain, which named another old server.
    package func oldServerChanged(to settings: MigrationSettings) { settingsWatch.changed(to: settings) }
}

// MARK: Answers

extension LoginDesk {
    func accepted(_ facts: LoginFacts) -> LoginResult {
        let status = facts.account.map { statuses.status(of: $0, settings: facts.settings) }
        return LoginResult(
            decision: .accept, passwordReplaced: false, status: status,
            // Outside the window, nobody is told about a migration.
            message: status.flatMap { $0.window?.state == .active ? $0.message : nil } ?? StatusText.welcome)
    }

    func rejected(_ facts: LoginFacts) -> LoginResult {
        let status = facts.account.map { statuses.status(of: $0, settings: facts.settings) }
        // The same words for an account that is unknown, excluded or missing, so that they reveal nothing.
        let neverStarted = facts.isOpen && status?.startedAt == nil
        return LoginResult(
            decision: .reject, passwordReplaced: false, status: status,
            message: neverStarted ? Reason.credentialsRejected.text : StatusText.wrongPassword)
    }

    func unavailable(_ facts: LoginFacts?, _ reason: Reason) -> LoginResult {
        LoginResult(
            decision: .unavailable, passwordReplaced: false,
            status: facts?.account.map { statuses.status(of: $0, settings: facts?.settings) }, message: reason.text,
            reason: reason)
    }
}
