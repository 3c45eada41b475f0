// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Accounts
import BuiltinDirectory
import Foundation
import Ground
import Logging
import MailSource
import MailStore
import MaildirStore
import MessageContent
import NIOPosix
import POP3Source
import Records
import SQLiteRecords
import Secrets
import Statuses
import Synchronization
import Vocabulary

@testable import Logins
@testable import Migration

/// A new platform in a temporary folder, with a clock that the test moves.
final class NewPlatform: Sendable {
    static let ann: EmailAddress = address("ann@example.com")
    static let newPassword = "new-Pass-9word"

    let folder: String
    let move: MailMove
    let records: SQLiteRecords
    let clock: Clock

    static func address(_ text: String) -> EmailAddress {
        do {
            return try EmailAddress(text)
        } catch {
            fatalError("a test names \(text) as an address: \(error)")
        }
    }

    private init(folder: String, records: SQLiteRecords, move: MailMove, clock: Clock) {
        self.folder = folder
        self.records = records
        self.move = move
        self.clock = clock
    }

    /// Runs `body` on a platform that works, and ends it. With the `folder` of another, as after a restart. Old servers
    /// speak POP3, unless there is another `source`, mail goes into Maildirs, unless there is another `store`, and passwords
    /// are in the records, unless there is another `directory`.
    static func run(
        in given: String? = nil, from source: (any MailSource)? = nil, into other: (any MailStore)? = nil,
        accounts directory: (any AccountDirectory)? = nil,
        sealKey: SealKey = .random(),
        limits: MoveLimits = quick, clockStands: Bool = false,
        telling courier: @escaping MailMove.Courier = { _, _ in },
        startingAt start: Timestamp = .now, log: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ body: (NewPlatform) async throws -> Void
    ) async throws {
        let folder = given ?? "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if given == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let clock = Clock(start, stands: clockStands)
        let records = try await SQLiteRecords.open(path: "\(folder)/mailmove.db")
        let maildirs = try MaildirStore(
            path: "\(folder)/mail/%d/%n", contentKey: try await .kept(in: records), pool: FilePool(threads: 2))
        try FileManager.default.createDirectory(atPath: "\(folder)/mail", withIntermediateDirectories: true)
        let pool = try HashingPool(decoyScheme: .yescrypt)
        let pop3 = POP3Source(group: MultiThreadedEventLoopGroup.singleton)
        let move = MailMove(
            records: records, directory: directory ?? BuiltinDirectory(records: records), source: source ?? pop3,
            probe: source as? any OldServerProbe ?? pop3, store: other ?? maildirs, pool: pool, sealKey: sealKey,
            ledgerHash: try KeyedHash(key: Array(repeating: 2, count: 32)), limits: limits, log: log,
            courier: courier, now: { clock.now }, uptime: { clock.uptime })
        try await move.recover()
        let platform = NewPlatform(folder: folder, records: records, move: move, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await move.run() }
            do {
                try await body(platform)
            } catch {
                move.stop()
                throw error
            }
            move.stop()
            try await group.waitForAll()
        }
        await records.close()
        await pool.shutdown()
    }

    static var quick: MoveLimits {
        var limits = MoveLimits()
        limits.secondsBetweenRuns = 0
        // Long enough for a busy machine; a test of silence sets its own.
        limits.loginTimeout = 60
        limits.checkedSessionSeconds = 10
        limits.firstRetry = 1
        return limits
    }

    // MARK: What tests do

    /// Time goes by.
    func advance(hours: Double = 0, seconds: Double = 0) {
        clock.advance(hours * 3600 + seconds)
        move.scheduler.wake()
        move.windows.wake()
        move.notices.wake()
    }

    /// The wall clock alone is set, forwards or back.
    func setClock(by seconds: Double) {
        clock.set(by: seconds)
        move.scheduler.wake()
        move.windows.wake()
        move.notices.wake()
    }

    var now: Timestamp { clock.now }

    var pool: HashingPool { move.logins.pool }

    @discardableResult
    func enable(
        _ server: OldMailServer, accounts: [EmailAddress] = [ann], days: Int = 30,
        _ change: (inout MigrationRequest) -> Void = { _ in }
    ) async throws -> MigrationOverview {
        try await enable(port: server.port, accounts: accounts, days: days, change)
    }

    @discardableResult
    func enable(
        port: Int, accounts: [EmailAddress] = [ann], days: Int = 30,
        _ change: (inout MigrationRequest) -> Void = { _ in }
    ) async throws -> MigrationOverview {
        let rows = accounts.map {
            AccountRow(
                address: $0.description, password: Password(Self.newPassword), passwordHash: nil, displayName: nil,
                quotaOctets: nil)
        }
        _ = try await move.accounts.create(rows, onExisting: .skip)
        var request = MigrationRequest(
            domain: Self.ann.domain, oldServer: OldServer(host: "127.0.0.1", port: port, security: .none),
            validDays: days)
        change(&request)
        return try await move.settings.enable(request)
    }

    func login(
        _ password: String, as account: EmailAddress = ann, via: TriggerOrigin = .imap, from address: String? = nil
    ) async throws -> LoginResult {
        try await move.logins.authenticate(
            Login(account: account, password: Password(password), via: via, remoteAddress: address))
    }

    func trigger(_ password: String, as account: EmailAddress = ann) async throws -> AccountStatus {
        try await move.logins.trigger(
            Login(account: account, password: Password(password), via: .portal, remoteAddress: nil))
    }

    func status(of account: EmailAddress = ann) async throws -> AccountStatus {
        try await move.statuses.status(of: account)
    }

    func row(of account: EmailAddress = ann) async throws -> AccountRecord? {
        try await records.read { try $0.account(account) }
    }

    func events(of account: EmailAddress = ann) async throws -> [EventRecord] {
        try await records.read { try $0.events(EventQuery(subject: .account(account), limit: 1000)).events }
    }

    /// The status as soon as it is as wanted, or as it is after a minute.
    func until(
        _ account: EmailAddress = ann, _ isWanted: (AccountStatus) -> Bool
    ) async throws -> AccountStatus {
        for _ in 0..<3000 {
            let status = try await status(of: account)
            if isWanted(status) { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
        return try await status(of: account)
    }

    /// Until nothing runs and nothing is asked.
    func settle() async throws {
        for _ in 0..<3000 {
            let load = move.scheduler.load
            if load.moving == 0, load.queued == 0, move.logins.isIdle { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Until no run goes on; one that was put off may wait for its time.
    func rest() async throws {
        for _ in 0..<3000 where move.scheduler.load.moving > 0 { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// The paths of all messages in all folders.
    func delivered(to account: EmailAddress = ann) -> [String] {
        let maildir = "\(folder)/mail/\(account.domain)/\(account.localPart)"
        let there = (try? FileManager.default.contentsOfDirectory(atPath: maildir)) ?? []
        return ([""] + there.filter { $0.hasPrefix(".") }).flatMap { delivered(to: account, in: $0) }
    }

    /// The paths of a folder's messages; its directory as the Maildir has it, empty for the inbox.
    func delivered(to account: EmailAddress = ann, in directory: String) -> [String] {
        let maildir = "\(folder)/mail/\(account.domain)/\(account.localPart)"
        return ["new", "cur"].flatMap { sub in
            let path = directory.isEmpty ? "\(maildir)/\(sub)" : "\(maildir)/\(directory)/\(sub)"
            return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).map { "\(path)/\($0)" }
        }
    }
}

/// Time that goes by, by more when it is told to, or only then; and a wall clock that can be set besides.
final class Clock: Sendable {
    private let start = ContinuousClock.now
    private let time: Mutex<(wall: Timestamp, uptime: ContinuousClock.Instant)>

    private let stands: Bool

    init(_ start: Timestamp, stands: Bool = false) {
        time = Mutex((start, self.start))
        self.stands = stands
    }

    private var elapsed: Duration { stands ? .zero : ContinuousClock.now - start }

    var now: Timestamp { time.withLock { $0.wall }.adding(seconds: elapsed / .seconds(1)) }

    var uptime: ContinuousClock.Instant { time.withLock { $0.uptime } + elapsed }

    func advance(_ seconds: Double) {
        time.withLock { $0 = ($0.wall.adding(seconds: seconds), $0.uptime.advanced(by: .seconds(seconds))) }
    }

    func set(by seconds: Double) { time.withLock { $0.wall = $0.wall.adding(seconds: seconds) } }
}
