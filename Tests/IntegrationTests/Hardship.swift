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

    /// What came of it.
    struct Tally: CustomStringConvertible {
        var blows = 0
        var duringMove = 0
        var accounts = 0
        var messages = 0
        var flagged = 0
        var deleted = 0
        var lost = 0
        var doubled = 0
        var damaged = 0
        var leftInTmp = 0
        var broken = 0

        var description: String {
            """
            \(blows) times, \(duringMove) of them during a move; \(accounts) accounts with \(messages) messages, \
            \(flagged) flagged and \(deleted) deleted meanwhile: \(lost) lost, \(doubled) doubled, \
            \(damaged) damaged, \(leftInTmp) left in tmp, \(broken) acknowledged and not so
            """
        }
    }

    private struct State: Sendable {
        var created: Set<Int> = []
        var handedOver: Set<Int> = []
        var completed: Set<Int> = []
        var broken: [String] = []
    }

    let daemon: DaemonProcess
    let server: MailboxServer
    let reader: MailReader
    private let scale: Scale
    private let seed: UInt64
    private let accounts: Int
    private let credentials: URL
    private let state = Mutex(State())

    /// - Parameter pace: milliseconds before each message.
    init(_ scale: Scale, seed: UInt64, pace: Int) throws {
        self.scale = scale
        self.seed = seed
        accounts = max(6, scale.blows / 3)
        daemon = try DaemonProcess(environment: ["MAILMOVE_LOG_LEVEL": "warning"])
        var options = MailboxServer.Options()
        options.pauseMilliseconds = pace
        let numbers = 0..<accounts
        server = try MailboxServer(
            passwords: Dictionary(uniqueKeysWithValues: numbers.map { (Self.address($0), Self.oldPassword($0)) }),
            mail: Dictionary(
                uniqueKeysWithValues: numbers.map { number in
                    (Self.address(number), Self.mail(number, scale.messages))
                }),
            options: options)
        reader = MailReader(seed: seed)
        credentials = daemon.folder.appending(path: "credentials")
        try FileManager.default.createDirectory(at: credentials, withIntermediateDirectories: true)
        try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: credentials.appending(path: "seal-key"))
    }

    static func address(_ number: Int) -> String { "user\(number)@example.com" }

    private static func oldPassword(_ number: Int) -> String { "old password \(number)" }

    private static func mail(_ account: Int, _ count: Int) -> [MailboxServer.Message] {
        (0..<count).map { ("uid-\(account)-\($0)", message(account * 1000 + $0, lines: 12)) }
    }

    func start() async throws { try await daemon.start(adding: ["CREDENTIALS_DIRECTORY": credentials.path]) }

    /// Runs it: `blow` ends the daemon and what it stands on, and sets both up again, the daemon not yet started.
    func run(blow: () throws -> Void) async throws -> Tally {
        var tally = Tally()
        var random = SplitMix64(state: seed)
        reader.start()
        defer {
            reader.stop()
            server.stop()
        }
        let start = ContinuousClock.now
        var front = 0..<4
        while tally.blows < scale.blows, ContinuousClock.now - start < .seconds(scale.seconds) {
            try await self.start()
            reader.read(front.map { daemon.maildir(of: Self.address($0)) })
            // Nobody waits for these: they are ended in the middle, or not.
            let calls = Task { [front, round = tally.blows] in await self.call(front, round) }
            // Mostly in the middle of a move; else at any moment from the start on.
            var isMoving = false
            if Int.random(in: 0..<4, using: &random) > 0 {
                for _ in 0..<100 where !isMoving {
                    isMoving = (try? await status(front)) ?? false
                    if front.allSatisfy({ number in state.withLock { $0.completed.contains(number) } }) { break }
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...250, using: &random)))
            try blow()
            tally.blows += 1
            if isMoving { tally.duringMove += 1 }
            calls.cancel()
            _ = await calls.value
            // On to other accounts once these are done.
            let done = state.withLock { $0.completed }
            if front.allSatisfy(done.contains), front.upperBound < accounts {
                front = front.upperBound..<min(accounts, front.upperBound + 4)
            }
        }
        let all = 0..<front.upperBound
        try await self.start()
        reader.read(all.map { daemon.maildir(of: Self.address($0)) })
        try await finish(all)
        reader.stop()
        account(for: all, &tally)
        return tally
    }

    // MARK: Calls

    private struct Refused: Error {}

    private func ask(_ method: String, _ params: JSONValue, admin: Bool = false) async throws -> JSONValue {
        let client = try RawClient(path: admin ? daemon.adminSocket : daemon.loginSocket)
        let reply = try await client.call(method, params: String(decoding: try JSONText.encode(params), as: UTF8.self))
        guard let result = reply["result"] else { throw Refused() }
        return result
    }

    private func status(_ front: Range<Int>) async throws -> Bool {
        for number in front {
            let status = try await ask("queryStatus", ["account": .string(Self.address(number))])
            switch status["status"] {
            case "completed": state.withLock { _ = $0.completed.insert(number) }
            case "inProgress": return true
            default: break
            }
        }
        return false
    }

    private func call(_ front: Range<Int>, _ round: Int) async {
        if front.contains(where: { number in state.withLock { !$0.created.contains(number) } }) {
            let rows = front.map { number -> JSONValue in
                ["address": .string(Self.address(number)), "password": "made-up-\(number)-password"]
            }
            if (try? await ask("createAccounts", ["accounts": .array(rows)], admin: true)) != nil {
                state.withLock { $0.created.formUnion(front) }
            }
        }
        if round % 3 == 0 {
            let server: JSONValue = ["host": "127.0.0.1", "port": .integer(Int64(server.port)), "security": "none"]
            _ = try? await ask(
                "enableMigration",
                ["domain": "example.com", "oldServer": server, "validDays": .integer(Int64(5 + round % 7))], admin: true
            )
        }
        await withTaskGroup(of: Void.self) { group in
            for number in front { group.addTask { await self.logIn(number) } }
        }
    }

    /// What was acknowledged once has to hold at every later login.
    private func logIn(_ number: Int) async {
        let (wasCreated, wasHandedOver) = state.withLock {
            ($0.created.contains(number), $0.handedOver.contains(number))
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
                state.handedOver.insert(number)
            case "reject" where wasCreated && wasHandedOver:
                state.broken.append("\(Self.address(number)) was handed over and is rejected")
            default: break
            }
        }
    }

    // MARK: The end

    private func finish(_ all: Range<Int>) async throws {
        await call(all, 0)
        for number in all {
            let deadline = ContinuousClock.now + .seconds(120)
            while ContinuousClock.now < deadline {
                let status = try await ask("queryStatus", ["account": .string(Self.address(number))])
                if status["status"] == "completed" {
                    #expect(status["moved"] == .integer(Int64(scale.messages)), "\(Self.address(number))")
                    break
                }
                if status["status"] != "inProgress" { await logIn(number) }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    private func account(for all: Range<Int>, _ tally: inout Tally) {
        tally.accounts = all.count
        tally.flagged = reader.flagged
        tally.deleted = reader.deleted
        for number in all {
            let sent = Set(Self.mail(number, scale.messages).map { withLineFeeds($0.octets) })
            var here: [[UInt8]: Int] = [:]
            for message in reader.messages(in: daemon.maildir(of: Self.address(number))) {
                here[withoutUIDL(message).octets, default: 0] += 1
            }
            tally.messages += sent.count
            tally.lost += sent.count { here[$0] == nil }
            tally.doubled += here.reduce(0) { $0 + (sent.contains($1.key) ? $1.value - 1 : 0) }
            tally.damaged += here.reduce(0) { $0 + (sent.contains($1.key) ? 0 : $1.value) }
            tally.leftInTmp += daemon.files(of: Self.address(number), in: "tmp").count
        }
        let broken = state.withLock { $0.broken }
        tally.broken = broken.count
        for line in broken { print(line) }
    }
}

extension Hardship.Tally {
    func expectNothingLost(_ seed: UInt64, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(lost == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(doubled == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(damaged == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(leftInTmp == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(broken == 0, "seed \(seed)", sourceLocation: sourceLocation)
        #expect(duringMove > 0, "no blow came during a move; seed \(seed)", sourceLocation: sourceLocation)
    }
}
