// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(15))) struct PagingTests {
    private static func account(_ number: Int) -> JSONValue {
        [
            "address": .string("u\(number)@example.com"), "displayName": nil, "quotaOctets": nil,
            "createdAt": "2026-11-24T03:10:41.052Z", "handedOver": false,
        ]
    }

    @Test func allPagesAreOneSequence() async throws {
        let cursors = Mutex<[String?]>([])
        try await withDaemon { request, client in
            let cursor = request.params?["cursor"]?.string
            cursors.withLock { $0.append(cursor) }
            // A page in the middle is empty.
            let (numbers, next): (Range<Int>, JSONValue) =
                switch cursor {
                case nil: (0..<2, "a")
                case "a": (0..<0, "b")
                default: (2..<3, nil)
                }
            client.reply(
                to: request, ["accounts": .array(numbers.map(Self.account)), "nextCursor": next])
        } _: { _, client, _ in
            let accounts = try client.accounts(domain: "example.com")
            for _ in 1...2 {
                var found: [String] = []
                for try await account in accounts { found.append(account.address.description) }
                #expect(found == ["u0@example.com", "u1@example.com", "u2@example.com"])
            }
            #expect(cursors.withLock { $0 } == [nil, "a", "b", nil, "a", "b"])
        }
    }

    @Test func aPageThatFailsCanBeAskedForAgain() async throws {
        let attempts = Mutex(0)
        try await withDaemon { request, client in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            if attempt == 2 {
                client.fail(request, CallFailure(.overloaded, detail: "busy").rpcError)
            } else {
                client.reply(
                    to: request, ["accounts": [Self.account(attempt)], "nextCursor": attempt < 3 ? "more" : nil])
            }
        } _: { _, client, _ in
            var accounts = try client.accounts(domain: "example.com").makeAsyncIterator()
            #expect(try await accounts.next()?.address.description == "u1@example.com")
            let error = await #expect(throws: MailMoveError.self) { try await accounts.next() }
            #expect(error?.isRetryable == true)
            #expect(try await accounts.next()?.address.description == "u3@example.com")
            #expect(try await accounts.next() == nil)
        }
    }

    @Test func whatIsNoDomainIsRefusedBeforeItIsSent() async throws {
        try await withDaemon { request, client in
            client.reply(to: request, [:])
        } _: { daemon, client, _ in
            #expect(throws: MailMoveError.self) { try client.accounts(domain: "no domain") }
            #expect(daemon.connections == 0)
        }
    }

    @Test func whatFailsForAReasonThatPassesIsRepeated() async throws {
        let attempts = Mutex(0)
        try await withDaemon { request, client in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            if attempt < 3 {
                client.fail(request, CallFailure(.overloaded, detail: "busy").rpcError)
            } else {
                client.reply(to: request, ["version": "1.2.3"])
            }
        } _: { _, client, _ in
            let version = try await client.retrying(for: .seconds(600)) { try await client.ping() }
            #expect(version == "1.2.3")
            #expect(attempts.withLock { $0 } == 3)
        }
    }

    @Test(arguments: [Reason.credentialsRejected, .overloaded])
    func whatDoesNotPassOrTakesTooLongIsThrown(_ reason: Reason) async throws {
        let attempts = Mutex(0)
        try await withDaemon { request, client in
            attempts.withLock { $0 += 1 }
            client.fail(
                request, CallFailure(reason, detail: "no", retryAfter: reason.isRetryable ? 3600 : nil).rpcError)
        } _: { _, client, _ in
            let error = await #expect(throws: MailMoveError.self) {
                try await client.retrying(for: .seconds(60)) { try await client.ping() }
            }
            #expect(error?.reason == reason && attempts.withLock { $0 } == 1)
        }
    }
}
