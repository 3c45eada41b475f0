// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(15))) struct ReconnectTests {
    @Test func aCallThatCanBeRepeatedSurvivesABrokenConnection() async throws {
        try await withDaemon { request, client in
            if client.number == 1 { client.hangUp() } else { client.reply(to: request, ["version": "2"]) }
        } _: { daemon, client, _ in
            let version = try await client.ping()
            #expect(version == "2")
            #expect(daemon.connections == 2)
        }
    }

    @Test func itIsRepeatedOnce() async throws {
        try await withDaemon { _, client in
            client.hangUp()
        } _: { daemon, client, _ in
            let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
            #expect(error.code == .connectionLost && error.isRetryable)
            #expect(daemon.connections == 2)
        }
    }

    @Test func aCallThatMayHaveBeenCarriedOutIsNotRepeated() async throws {
        try await withDaemon { _, client in
            client.hangUp()
        } _: { daemon, client, _ in
            let error = try await #require(throws: MailMoveError.self) {
                try await client.deleteAccounts(["a@b.example"])
            }
            #expect(error.code == .connectionLost && error.isRetryable)
            #expect(daemon.connections == 1)
        }
    }

    @Test func whatAStoppingDaemonDeclinesIsAskedOfItsSuccessor() async throws {
        try await withDaemon { request, client in
            if client.number < 3 {
                client.fail(request, CallFailure(.shuttingDown, detail: "").rpcError)
            } else {
                client.reply(to: request, ["deleted": 1, "notFound": []])
            }
        } _: { daemon, client, _ in
            let result = try await client.deleteAccounts(["a@b.example"])
            #expect(result.deleted == 1)
            #expect(daemon.connections == 3)
        }
    }

    @Test func aRestartIsNotNoticed() async throws {
        let script: ScriptedDaemon.Script = { request, client in client.reply(to: request, ["version": "1"]) }
        try await withDaemon(script) { daemon, client, path in
            #expect(try await client.ping() == "1")
            try await daemon.stop()
            let answer = Task { try await client.ping() }  // begun while nobody listens
            try await Task.sleep(for: .milliseconds(50))
            let successor = try await ScriptedDaemon.start(at: path, script: script)
            #expect(try await answer.value == "1")
            try await successor.stop()
        }
    }

    @Test func manyCallsShareTheNewConnection() async throws {
        let script: ScriptedDaemon.Script = { request, client in client.reply(to: request, ["version": "1"]) }
        try await withDaemon(script) { daemon, client, _ in
            try await withThrowingTaskGroup { group in
                for _ in 0..<50 { group.addTask { _ = try await client.ping() } }
                try await group.waitForAll()
            }
            #expect(daemon.connections == 1)
        }
    }

    @Test func whereNobodyListensTheErrorSaysHowToStart() async throws {
        let client = MailMoveClient(socketPath: "/nonexistent/mailmove/admin.sock", patience: .milliseconds(30))
        let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
        #expect(error.code == .daemonUnreachable && error.isRetryable)
        #expect(error.detail.contains("/nonexistent/mailmove/admin.sock") && error.detail.contains("systemctl start"))
    }

    @Test func aPathThatIsTooLongForASocketIsAnErrorToo() async throws {
        let client = MailMoveClient(socketPath: "/" + String(repeating: "x", count: 300), patience: .milliseconds(30))
        let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
        #expect(error.code == .daemonUnreachable)
    }

    @Test func waitingForADaemonCanBeCancelled() async throws {
        let client = MailMoveClient(socketPath: "/nonexistent/mailmove/admin.sock", patience: .seconds(3600))
        let call = Task { try await client.ping() }
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
    }
}
