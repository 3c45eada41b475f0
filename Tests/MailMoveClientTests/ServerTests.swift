// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import JSONWire
import Logging
import MailMoveClient
import NIOPosix
import Synchronization
import Testing

/// The client and the daemon's own server, with the contract between them.
@Suite(.timeLimit(.minutes(15))) struct ServerTests {
    /// Answers every method with its example, once the parameters have passed the check.
    private struct Examples: RequestHandler {
        /// Who watches; what is yielded is told.
        let changes: AsyncStream<JSONValue>

        func handle(_ call: Call<Role>) async throws -> Answer {
            guard let method = Contract.method(named: call.method) else { throw RPCError.methodNotFound(call.method) }
            guard method.role <= call.role else { throw CallFailure(.forbidden, detail: call.method).rpcError }
            try check(call.params, of: method)
            guard call.method == "watchStatus" else { return try Answer(method.exampleResult()) }
            return try Answer(
                method.exampleResult(),
                subscription: JSONRPC.Subscription(key: "") { peer in
                    for await status in changes {
                        guard (try? await peer.notify(method: Contract.statusChanged, params: status)) == true else {
                            return
                        }
                    }
                })
        }

        private func check(_ params: JSONView?, of method: some Method) throws {
            do throws(Violation) {
                _ = try method.parameters(from: params)
            } catch {
                throw CallFailure(error).rpcError
            }
        }
    }

    /// Runs `body` with a client of a server of that role.
    private func withServer(
        _ role: Role, changes: AsyncStream<JSONValue> = AsyncStream { $0.finish() },
        _ body: (MailMoveClient) async throws -> Void
    ) async throws {
        try await withSocketPath { path in
            let server = JSONRPCServer(
                listeners: [Listener(role: role, source: .path(path))], handler: Examples(changes: changes),
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
            try await withThrowingTaskGroup { group in
                group.addTask { try await server.run() }
                let client = MailMoveClient(socketPath: path, patience: .seconds(30))
                try await body(client)
                await client.close()
                server.stop(grace: .zero)
                try await group.waitForAll()
            }
        }
    }

    @Test func everyMethodGoesThere() async throws {
        try await withServer(.admin) { client in
            func call<M: Method>(_ method: M) async throws {
                let params = try JSONDocument(JSONText.encode(method.exampleParameters)).root
                let result = try await client.call(method, method.parameters(from: params))
                #expect(try JSONText.encode(result) == JSONText.encode(method.exampleResult()), "\(method.name)")
            }
            for method in Contract.methods { try await call(method) }
        }
    }

    @Test func theTypedCallsGoThereToo() async throws {
        try await withServer(.admin) { client in
            let ann = "ann@example.com"
            #expect(try await client.ping() == Vocabulary.version)
            #expect(try await client.discover()["openrpc"] == "1.3.2")
            #expect(try await client.authenticate(account: ann, password: Password("x")).decision == .accept)
            #expect(try await client.triggerMigration(account: ann, password: Password("x")).moved == 1200)
            #expect(try await client.createAccounts([.init(address: ann, password: Password("x"))]).created == 1)
            try await client.setPassword(account: ann, password: Password("Str0ng-0-pass"))
            try await client.setPassword(account: ann, passwordHash: "{CRYPT}$y$x")
            #expect(try await client.listAccounts(domain: "example.com", limit: 7).accounts.count == 1)
            let server = OldServerParameters(host: "192.0.2.10", security: .tls)
            let enable = EnableMigration(domain: try EmailAddress(ann).domain, oldServer: server)
            #expect(try await client.enableMigration(enable).validDays == 30)
            #expect(try await client.disableMigration(domain: "example.com").state == .disabled)
            #expect(try await client.getMigration(domain: "example.com").domain.name == "example.com")
            #expect(try await client.listMigrations().count == 1)
            try await client.forgetMigration(domain: "example.com")
            #expect(try await client.verifyOldServer(VerifyOldServer(oldServer: server)).ok)
            #expect(try await client.listLog(ListLog(domain: try EmailAddress(ann).domain)).total == 1)
            #expect(try await client.listEvents(ListEvents(account: try EmailAddress(ann))).events.count == 1)
            #expect(try await client.getServiceStatus().store.ok)
        }
    }

    @Test func theLoginSocketIsNotTheAdministrators() async throws {
        try await withServer(.login) { client in
            let error = try await #require(throws: MailMoveError.self) { try await client.listMigrations() }
            #expect(error.reason == .forbidden && error.code == .refused(-32001))
        }
    }

    @Test func wrongParametersAreNamed() async throws {
        try await withServer(.admin) { client in
            let error = try await #require(throws: MailMoveError.self) {
                try await client.enableMigration(
                    EnableMigration(
                        domain: EmailAddress("a@example.com").domain,
                        oldServer: OldServerParameters(host: "192.0.2.10", port: 70000)))
            }
            #expect(error.code == .refused(-32602) && error.parameter == "oldServer.port")
            #expect(error.detail == "oldServer.port must be an integer from 1 to 65535")
        }
    }

    @Test func aWatcherSeesTheLastState() async throws {
        let (changes, tell) = AsyncStream<JSONValue>.makeStream()
        for moved in 1...500 { tell.yield(try .status("ann@example.com", moved: moved)) }
        try await withServer(.login, changes: changes) { client in
            for try await status in try client.watchStatus(account: "ann@example.com") where status.moved == 500 {
                break
            }
        }
    }
}
