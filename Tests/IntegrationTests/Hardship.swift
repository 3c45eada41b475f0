// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSONWire
import MailMoveClient
import Support
import Synchronization
import Testing

/// A domain that moves while its daemon is ended again and again, at any instant of anything: the move, the creation
/// of accounts, a change of settings, the hand-over of a password; with a reader in the delivered mail.
///
/// What the daemon has acknowledged before it ended has to be so afterwards.
final class Hardship: Sendable {
    struct Scale: Sendable {
        /// How often the daemon is ended.
        var blows: Int
        /// Not begun again after so long; what has been done by then counts.
        var seconds: Double
        var messages = 80

        /// From the environment where it says so.
        static func of(_ variable: String, atLeast blows: Int) -> Scale {
            let environment = ProcessInfo.processInfo.environment
            func number(_ name: String) -> Double? { environment[name].flatMap(Double.init) }
            return Scale(
                blows: number(variable).map { Int($0) } ?? blows, seconds: number("MAILMOVE_TEST_SECONDS") ?? 600)
        }
    }

    /// What the daemon has acknowledged.
    struct Acknowledged: Sendable {
        var created: Set<Int> = []
        var handedOver: Set<Int> = []
        var completed: Set<Int> = []
    }

    struct State: Sendable {
        var acknowledged = Acknowledged()
        var broken: [String] = []
        /// How many runs the daemon knew of an account when it was put back to an older state, as long as it has not
        /// begun another since.
        var olderRuns: [Int: Int64] = [:]
    }

    /// What the daemon knows of the old server, and how to end that.
    struct Old: Sendable {
        var settings: JSONValue
        var stop: @Sendable () -> Void
    }

    /// A platform's own IMAP server, into which mail goes by a line that takes its time to answer, and its users.
    struct Server: Sendable {
        var mail: MailPlatform
        var reader: PlatformReader

        init(_ users: [String], seed: UInt64) async throws {
            mail = try await MailPlatform(users: users)
            reader = PlatformReader(mail, seed: seed)
            // What is sent and not answered yet is what nobody knows of.
            mail.line.at { stage, asked in
                asked.verb == "APPEND" && stage == .answered ? .wait(0.03) : .goOn
            }
        }

        var environment: [String: String] {
            [
                "MAILMOVE_MAIL_STORE_KIND": "imap",
                "MAILMOVE_MAIL_STORE_IMAP_ADDRESS": "127.0.0.1:\(mail.line.port)",
                "MAILMOVE_MAIL_STORE_IMAP_SECURITY": "none",
                "MAILMOVE_MAIL_STORE_IMAP_MASTER_USER": MailPlatform.master,
            ]
        }
    }

    /// One, or several that share everything but their sockets.
    let daemons: [DaemonProcess]
    var daemon: DaemonProcess { daemons[0] }
    /// Where its Maildirs are.
    private let mail: URL
    let old: Old
    let reader: MailReader
    /// nil where mail goes into Maildirs.
    let server: Server?
    let scale: Scale
    let seed: UInt64
    let accounts: Int
    private let credentials: URL
    let state = Mutex(State())

    /// By POP3.
    /// - Parameters:
    ///   - pace: milliseconds before each message.
    ///   - daemon: one that logs little unless given.
    ///   - files: whether the reader files mail in folders.
    ///   - platform: where mail goes, if not into Maildirs.
    convenience init(
        _ scale: Scale, seed: UInt64, pace: Int, daemon: DaemonProcess? = nil, files: Bool = true,
        into platform: Server? = nil
    ) throws {
        let old = try Self.byPOP3(Self.accounts(scale), scale, pace: pace)
        try self.init(scale, seed, old, [daemon ?? Self.daemon(into: platform)], files, into: platform)
    }

    /// - Parameters:
    ///   - mail: where the Maildirs are, if not in the first daemon's folder.
    ///   - platform: where mail goes, if not into Maildirs.
    init(
        _ scale: Scale, _ seed: UInt64, _ old: Old, _ daemons: [DaemonProcess], _ files: Bool, mail: URL? = nil,
        into platform: Server? = nil, accounts: Int? = nil
    ) throws {
        self.scale = scale
        self.seed = seed
        self.old = old
        self.accounts = accounts ?? Self.accounts(scale)
        self.daemons = daemons
        self.mail = mail ?? daemons[0].folder.appending(path: "mail")
        server = platform
        reader = MailReader(seed: seed, files: files)
        credentials = daemons[0].folder.appending(path: "credentials")
        try FileManager.default.createDirectory(at: credentials, withIntermediateDirectories: true)
        try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: credentials.appending(path: "seal-key"))
        if server != nil {
            try Data(MailPlatform.masterPassword.utf8).write(to: credentials.appending(path: "imap-master"))
        }
    }

    static func accounts(_ scale: Scale) -> Int { max(6, scale.blows / 3) }

    static func passwords(_ numbers: Range<Int>) -> [String: String] {
        Dictionary(uniqueKeysWithValues: numbers.map { (address($0), oldPassword($0)) })
    }

    static let environment = ["MAILMOVE_LOG_LEVEL": "warning"]

    /// One that logs little.
    static func daemon(into platform: Server? = nil) throws -> DaemonProcess {
        try DaemonProcess(environment: environment.merging(platform?.environment ?? [:]) { $1 })
    }

    static func address(_ number: Int) -> String { "user\(number)@example.com" }

    private static func oldPassword(_ number: Int) -> String { "old password \(number)" }

    static func mail(_ account: Int, _ count: Int) -> [MailboxServer.Message] {
        (0..<count).map { ("uid-\(account)-\($0)", message(account * 1000 + $0, lines: 12)) }
    }

    func start() async throws { try await daemon.start(adding: ["CREDENTIALS_DIRECTORY": credentials.path]) }

    func maildir(of number: Int) -> URL {
        mail.appending(path: "example.com/user\(number)/Maildir")
    }

    /// Runs it: `blow` ends the daemon and what it stands on, and sets both up again, the daemon not yet started.
    /// `then` does more while the daemon is down, and may start and end it; it is given the accounts in hand.
    func run(
        blow: () throws -> Void,
        then befall: (Range<Int>, inout SplitMix64, inout Tally) async throws -> Void = { _, _, _ in }
    ) async throws -> Tally {
        var tally = Tally()
        var random = SplitMix64(state: seed)
        if let server { server.reader.start() } else { reader.start() }
        defer {
            stopReading()
            old.stop()
            server?.mail.stop()
        }
        let start = ContinuousClock.now
        var front = 0..<4
        /// How often in a row nothing moved, though it could have.
        var idle = 0
        while tally.blows < scale.blows, ContinuousClock.now - start < .seconds(scale.seconds) {
            try await self.start()
            read(front)
            // Nobody waits for these: they are ended in the middle, or not.
            let calls = Task { [front, round = tally.blows] in await self.call(front, round) }
            // Mostly in the middle of a move; else at any moment from the start on.
            var isMoving = false
            if Int.random(in: 0..<4, using: &random) > 0 {
                for _ in 0..<100 where !isMoving {
                    isMoving = (try? await self.isMoving(front)) ?? false
                    if front.allSatisfy(state.withLock({ $0.acknowledged.completed }).contains) { break }
                    try await Task.sleep(for: .milliseconds(10))
                }
                idle = isMoving ? 0 : idle + 1
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...250, using: &random)))
            try blow()
            tally.blows += 1
            if isMoving { tally.duringMove += 1 }
            calls.cancel()
            _ = await calls.value
            try await befall(0..<front.upperBound, &random, &tally)
            // On to other accounts once these are done, or are put off, since the daemon has died under them again and again.
            let done = state.withLock { $0.acknowledged.completed }
            if front.allSatisfy(done.contains) || idle >= 3, front.upperBound < accounts {
                front = front.upperBound..<min(accounts, front.upperBound + 4)
                idle = 0
            }
        }
        let all = 0..<front.upperBound
        try await self.start()
        read(all)
        try await finish(all)
        stopReading()
        if let server { try await account(for: all, on: server, &tally) } else { try await account(for: all, &tally) }
        return tally
    }

    private func read(_ numbers: Range<Int>) {
        reader.read(numbers.map { maildir(of: $0) })
        server?.reader.read(numbers.map(Self.address))
    }

    private func stopReading() { if let server { server.reader.stop() } else { reader.stop() } }

    // MARK: Calls

    private struct Refused: Error {}

    func ask(_ method: String, _ params: JSONValue, admin: Bool = false) async throws -> JSONValue {
        // Whichever: each answers for all.
        let daemon = daemons.randomElement() ?? daemon
        let client = try RawClient(path: admin ? daemon.adminSocket : daemon.loginSocket)
        let reply = try await client.call(method, params: String(decoding: try JSONText.encode(params), as: UTF8.self))
        guard let result = reply["result"] else { throw Refused() }
        return result
    }

    /// Asks about them all, and notes who is done.
    func isMoving(_ numbers: some Sequence<Int>) async throws -> Bool {
        var isMoving = false
        for number in numbers { isMoving = try await status(number)["status"] == "inProgress" || isMoving }
        return isMoving
    }

    @discardableResult
    func status(_ number: Int) async throws -> JSONValue {
        let status = try await ask("queryStatus", ["account": .string(Self.address(number))])
        state.withLock { state in
            if status["status"] == "completed" { state.acknowledged.completed.insert(number) }
            guard let older = state.olderRuns[number], case .integer(let runs)? = status["runs"], runs > older else {
                return
            }
            // It has looked at what is in the Maildir before it began.
            state.olderRuns[number] = nil
            reader.remembers(maildir(of: number))
        }
        return status
    }

    func call(_ front: some Sequence<Int> & Sendable, _ round: Int) async {
        if front.contains(where: { number in state.withLock { !$0.acknowledged.created.contains(number) } }) {
            let rows = front.map { number -> JSONValue in
                ["address": .string(Self.address(number)), "password": "made-up-\(number)-password"]
            }
            if (try? await ask("createAccounts", ["accounts": .array(rows)], admin: true)) != nil {
                state.withLock { $0.acknowledged.created.formUnion(front) }
            }
        }
        if round % 3 == 0 {
            _ = try? await ask(
                "enableMigration",
                ["domain": "example.com", "oldServer": old.settings, "validDays": .integer(Int64(90 + round % 7))],
                admin: true
            )
        }
        await withTaskGroup(of: Void.self) { group in
            for number in front { group.addTask { await self.logIn(number) } }
        }
    }

    /// What was acknowledged once has to hold at every later login.
    private func logIn(_ number: Int) async {
        let (wasCreated, wasHandedOver) = state.withLock {
            ($0.acknowledged.created.contains(number), $0.acknowledged.handedOver.contains(number))
        }
        let params: JSONValue = [
            "account": .string(Self.address(number)), "password": .string(Self.oldPassword(number)), "via": "imap",
        ]
        guard let answer = try? await ask("authenticate", params) else { return }
        state.withLock { state in
            switch answer["decision"] {
            case "accept":
                if wasHandedOver, answer["passwordReplaced"] == .bool(true) {
                    state.broken.append("\(Self.address(number)) was handed over twice")
                }
                state.acknowledged.handedOver.insert(number)
            case "reject" where wasCreated && wasHandedOver:
                state.broken.append("\(Self.address(number)) was handed over and is rejected")
            default: break
            }
        }
    }

    /// What was acknowledged is not so.
    func breaks(_ what: String) { state.withLock { $0.broken.append(what) } }

    // MARK: The end

    func finish(_ all: Range<Int>) async throws {
        await call(all, 0)
        // An account under which the daemon has often died is put off, for longer each time.
        _ = try await ask("retryNow", ["domain": "example.com"], admin: true)
        for number in all {
            let deadline = ContinuousClock.now + .seconds(960)
            while ContinuousClock.now < deadline {
                let status = try await status(number)
                if status["status"] == "completed" {
                    #expect(status["moved"] == .integer(Int64(scale.messages)), "\(Self.address(number))")
                    break
                }
                if status["status"] != "inProgress" { await logIn(number) }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
