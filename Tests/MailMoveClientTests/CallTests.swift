// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(15))) struct CallTests {
    @Test func aReplyFindsItsCallThoughItOvertakesOthers() async throws {
        let waiting = Mutex<[RPCRequest]>([])
        try await withDaemon { request, client in
            let all = waiting.withLock { waiting in
                waiting.append(request)
                return waiting.count == 100 ? waiting : []
            }
            for request in all.reversed() {
                guard let status = try? JSONValue.status(request.account) else { continue }
                client.reply(to: request, status)
            }
        } _: { daemon, client, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        let status = try await client.queryStatus(account: "u\(number)@example.com")
                        #expect(status.account.description == "u\(number)@example.com")
                    }
                }
                try await group.waitForAll()
            }
            #expect(daemon.connections == 1)
        }
    }

    @Test func anErrorIsATypeWithItsReason() async throws {
        try await withDaemon { request, client in
            client.fail(
                request, CallFailure(.tooManyAttempts, detail: "ann@example.com: 5 wrong", retryAfter: 60).rpcError)
        } _: { _, client, _ in
            let error = try await #require(throws: MailMoveError.self) {
                try await client.triggerMigration(account: "ann@example.com", password: Password("x"))
            }
            #expect(error.code == .refused(-32002) && error.reason == .tooManyAttempts)
            #expect(error.retryAfter == .seconds(60) && error.isRetryable)
            #expect(error.detail == "ann@example.com: 5 wrong")
            #expect(error.message == Reason.tooManyAttempts.text)
        }
    }

    @Test(arguments: [nil, "text", ["reason": "somethingNew", "retryable": true]] as [JSONValue?])
    func anErrorOfAnotherFormIsAnErrorToo(_ data: JSONValue?) async throws {
        try await withDaemon { request, client in
            client.fail(request, RPCError(code: -32000, message: "odd", data: data))
        } _: { _, client, _ in
            let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
            #expect(error.code == .refused(-32000) && error.reason == nil)
        }
    }

    @Test func aPasswordGoesOverTheWireAsItIs() async throws {
        let seen = Mutex<String?>(nil)
        try await withDaemon { request, client in
            seen.withLock { $0 = request.params?["password"]?.string }
            client.fail(request, CallFailure(.overloaded, detail: "").rpcError)
        } _: { _, client, _ in
            _ = try? await client.authenticate(account: "ann@example.com", password: Password("pä\"ss\\"), via: .imap)
            #expect(seen.withLock { $0 } == "pä\"ss\\")
        }
    }

    @Test func whatIsNoAddressIsRefusedBeforeItIsSent() async throws {
        let client = MailMoveClient(socketPath: "/nonexistent/socket")
        let account = try await #require(throws: MailMoveError.self) { try await client.queryStatus(account: "ann") }
        #expect(account.code == .refused(-32602) && account.parameter == "account")
        let domain = try await #require(throws: MailMoveError.self) { try await client.getMigration(domain: "a b") }
        #expect(domain.parameter == "domain")
    }

    @Test func aCallEndsWhenItsTimeIsUpAndItsLateReplyHarmsNobody() async throws {
        let late = Mutex<RPCRequest?>(nil)
        try await withDaemon { request, client in
            if request.method == "queryStatus" {
                late.withLock { $0 = request }
            } else {
                if let late = late.withLock({ $0.take() }) { client.reply(to: late, [:]) }
                client.reply(to: request, ["version": "1"])
            }
        } _: { daemon, client, _ in
            let error = try await #require(throws: MailMoveError.self) {
                try await client.call(
                    Contract.queryStatus, OneAccount(account: EmailAddress("ann@example.com")),
                    timeout: .milliseconds(20))
            }
            #expect(error.code == .timedOut && error.isRetryable)
            #expect(try await client.ping() == "1")
            #expect(daemon.connections == 1)
        }
    }

    @Test func aCancelledCallEndsAtOnce() async throws {
        let (asked, ask) = AsyncStream<Void>.makeStream()
        try await withDaemon { _, _ in
            ask.yield()
        } _: { _, client, _ in
            let call = Task { try await client.ping() }
            for await _ in asked { break }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }

    @Test func anAnswerThatIsNotAsDeclaredIsSaidToBeSo() async throws {
        try await withDaemon { request, client in
            client.reply(to: request, ["version": 7])
        } _: { _, client, _ in
            let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
            #expect(error.code == .invalidReply && error.detail.contains("version"))
        }
    }

    @Test(arguments: ["nonsense", "[]]", #"{"jsonrpc":"2.0"}"#, #"{"jsonrpc":"1.0","id":1,"result":{}}"#])
    func anAnswerThatIsNoJSONRPCEndsTheConnection(_ line: String) async throws {
        try await withDaemon { _, client in
            client.send(line)
        } _: { _, client, _ in
            let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
            #expect(error.code == .invalidReply)
        }
    }

    @Test func aClientThatIsTurnedAwayIsToldWhy() async throws {
        try await withDaemon { _, client in
            client.send(
                #"{"jsonrpc":"2.0","id":null,"error":{"code":-32003,"message":"m","data":{"reason":"overloaded","retryable":true}}}"#
            )
        } _: { _, client, _ in
            let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
            #expect(error.reason == .overloaded && error.isRetryable)
        }
    }

    @Test func aRequestThatTheDaemonCannotReadFails() async throws {
        try await withDaemon { _, client in
            client.send(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"the line is too long"}}"#)
        } _: { _, client, _ in
            let error = try await #require(throws: MailMoveError.self) { try await client.deleteAccounts([]) }
            #expect(error.code == .connectionLost && error.detail.contains("the line is too long"))
        }
    }

    @Test func aClosedClientSaysSo() async throws {
        try await withDaemon { request, client in
            client.reply(to: request, ["version": "1"])
        } _: { daemon, client, _ in
            _ = try await client.ping()
            await client.close()
            let error = try await #require(throws: MailMoveError.self) { try await client.ping() }
            #expect(error.code == .closed)
            try await daemon.waitUntilGone(1)
        }
    }

    @Test func aClientThatNobodyHoldsClosesItsConnection() async throws {
        try await withSocketPath { path in
            let daemon = try await ScriptedDaemon.start(at: path) { request, client in
                client.reply(to: request, ["version": "1"])
            }
            #expect(try await MailMoveClient(socketPath: path).ping() == "1")
            try await daemon.waitUntilGone(1)
            try await daemon.stop()
        }
    }
}
