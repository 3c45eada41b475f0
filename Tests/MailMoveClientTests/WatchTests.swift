// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(15))) struct WatchTests {
    private let ann = "ann@example.com"

    @Test func aWatchBeginsWithASnapshotAndEndsWithTheIteration() async throws {
        try await withDaemon { request, client in
            guard let first = try? JSONValue.status(request.account) else { return }
            client.reply(to: request, first)
            for moved in 1...3 {
                guard let status = try? JSONValue.status(request.account, moved: moved) else { return }
                client.notify(status)
            }
        } _: { daemon, client, _ in
            var seen: [Int] = []
            for try await status in try client.watchStatus(account: ann) {
                seen.append(status.moved)
                if status.moved == 3 { break }
            }
            #expect(seen.first == 0 && seen.last == 3 && seen == seen.sorted())
            try await daemon.waitUntilGone(1)
        }
    }

    @Test func aWatchSurvivesARestartWithAFreshSnapshot() async throws {
        let starts = Mutex(0)
        let script: ScriptedDaemon.Script = { request, client in
            let start = starts.withLock { starts in
                starts += 1
                return starts
            }
            guard let status = try? JSONValue.status(request.account, moved: start * 100) else { return }
            client.reply(to: request, status)
        }
        try await withDaemon(script) { daemon, client, path in
            var updates = try client.watchStatus(account: ann).makeAsyncIterator()
            #expect(try await updates.next()?.moved == 100)
            try await daemon.stop()
            let successor = try await ScriptedDaemon.start(at: path, script: script)
            #expect(try await updates.next()?.moved == 200)
            try await successor.stop()
        }
    }

    @Test func aRefusedWatchThrows() async throws {
        try await withDaemon { request, client in
            client.fail(request, CallFailure(.forbidden, detail: "login socket").rpcError)
        } _: { daemon, client, _ in
            var updates = try client.watchStatus(domain: "example.com").makeAsyncIterator()
            let error = try await #require(throws: MailMoveError.self) { _ = try await updates.next() }
            #expect(error.reason == .forbidden)
            #expect(try await updates.next() == nil)
            try await daemon.waitUntilGone(1)
        }
    }

    @Test func aDomainsWatchTellsOfItsAccounts() async throws {
        try await withDaemon { request, client in
            guard let status = try? JSONValue.status("bob@example.com", moved: 9),
                let domain = request.params?["domain"]?.string
            else { return }
            let counts: JSONValue = [
                "notStarted": 1, "inProgress": 1, "completed": 0, "failed": 0, "nonMigrating": 0,
            ]
            client.reply(
                to: request, ["domain": .string(domain), "counts": counts, "total": 2, "moving": [status]])
            client.notify(status)
            client.notify(["domain": "example.com", "counts": counts, "novelty": 1], method: "another")
            client.notify(
                [
                    "domain": "example.com", "counts": counts, "queued": 0, "paused": 0, "moved": 9, "remaining": 1,
                    "movedOctets": 0, "remainingOctets": 0, "unlisted": 1, "messagesPerSecond": 2.5,
                    "octetsPerSecond": 0, "etaSeconds": 1,
                ], method: "progress")
        } _: { _, client, _ in
            var updates = try client.watchStatus(domain: "Example.com").makeAsyncIterator()
            guard case .snapshot(let snapshot)? = try await updates.next() else {
                Issue.record("a domain's watch begins with its snapshot")
                return
            }
            #expect(snapshot.domain.name == "example.com" && snapshot.total == 2)
            #expect(snapshot.moving.map(\.moved) == [9])
            guard case .changed(let status)? = try await updates.next() else {
                Issue.record("an account's change is told")
                return
            }
            #expect(status.account.description == "bob@example.com")
            guard case .progress(let progress)? = try await updates.next() else {
                Issue.record("the domain's figures are told, and what is not known is passed over")
                return
            }
            #expect(progress.moved == 9 && progress.messagesPerSecond == 2.5 && progress.etaSeconds == 1)
        }
    }

    @Test func aCancelledWatchEndsAndLetsItsConnectionGo() async throws {
        try await withDaemon { request, client in
            guard let status = try? JSONValue.status(request.account) else { return }
            client.reply(to: request, status)
        } _: { daemon, client, _ in
            let (begun, begin) = AsyncStream<Void>.makeStream()
            let watch = Task { [ann] in
                for try await _ in try client.watchStatus(account: ann) { begin.yield() }
            }
            for await _ in begun { break }
            watch.cancel()
            try await watch.value
            try await daemon.waitUntilGone(1)
        }
    }

    @Test func aWatchOfADaemonThatIsNotThereGivesUp() async throws {
        let client = MailMoveClient(socketPath: "/nonexistent/socket", patience: .milliseconds(30))
        var updates = try client.watchStatus(account: ann).makeAsyncIterator()
        let error = try await #require(throws: MailMoveError.self) { _ = try await updates.next() }
        #expect(error.code == .daemonUnreachable)
    }

    /// Begins a domain's watch and tells of `accounts` accounts, each `rounds` times.
    private func telling(accounts: Int, rounds: Int) -> ScriptedDaemon.Script {
        { request, client in
            client.reply(
                to: request,
                [
                    "domain": "example.com", "total": 0, "moving": [],
                    "counts": ["notStarted": 0, "inProgress": 0, "completed": 0, "failed": 0, "nonMigrating": 0],
                ])
            for round in 1...rounds {
                for account in 0..<accounts {
                    guard let status = try? JSONValue.status("u\(account)@example.com", moved: round) else { return }
                    client.notify(status)
                }
            }
        }
    }

    // More rounds than a slow reader sees; more accounts than are kept waiting for it.
    @Test(arguments: [(200, 20), (5000, 1)])
    func aSlowReaderMissesStatesInBetweenButNeverTheLast(_ accounts: Int, _ rounds: Int) async throws {
        try await withDaemon(telling(accounts: accounts, rounds: rounds)) { _, client, _ in
            var last: [String: Int] = [:]
            var finished = 0
            for try await update in try client.watchStatus(domain: "example.com") {
                guard case .changed(let status) = update else {
                    try await Task.sleep(for: .milliseconds(100))
                    continue
                }
                #expect(last[status.account.description] ?? 0 < status.moved)
                last[status.account.description] = status.moved
                if status.moved == rounds { finished += 1 }
                if finished == accounts { break }
            }
            #expect(last.count == accounts)
        }
    }
}
