// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// What cannot be done is refused under the contract's code, by the daemon, with the fault made for real.
    @Suite struct ErrorCodesTests {
        private static func oldServer(
            password: String = Platform.oldPassword, capabilities: [String]? = nil,
            answer: @escaping @Sendable (String) -> String? = { _ in nil }
        ) throws -> MailboxServer {
            var options = MailboxServer.Options()
            options.answer = answer
            if let capabilities { options.capabilities = capabilities }
            return try MailboxServer(
                user: Platform.ann, password: password, messages: messages(0..<3), options: options)
        }

        /// Triggers a move that the old server's `answer` keeps from starting; nothing changes by it.
        private static func refusal(
            secure: Bool = false, _ security: TransportSecurity = .none,
            answer: @escaping @Sendable (String) -> String?
        ) async throws -> MailMoveError? {
            let server = try oldServer(answer: answer)
            defer { server.stop() }
            var error: MailMoveError?
            try await Platform.migrating(from: .loopback(port: server.port, security, secure: secure)) { platform in
                error = await failure { try await platform.trigger() }
                let status = try await platform.status()
                #expect(status.startedAt == nil)
                #expect(status.moved == 0)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .accept)
            }
            return error
        }

        @Test func theLoginSocketMayNotChangeAnything() async throws {
            try await Platform.running { platform in
                let domain = try DomainName(Platform.domain)
                let errors = [
                    await failure { try await platform.login.createAccounts([]) },
                    await failure { try await platform.login.disableMigration(domain: Platform.domain) },
                    await failure { try await platform.login.listLog(ListLog(domain: domain)) },
                    await failure { try await platform.login.getServiceStatus() },
                ]
                for error in errors {
                    #expect(error?.code == .refused(-32001))
                    #expect(error?.reason == .forbidden)
                }
            }
        }

        @Test func whatWasNeverMadeOrEnabledIsNotFound() async throws {
            try await Platform.running { platform in
                #expect(await failure { try await platform.status() }?.code == .refused(-32010))
                #expect(await failure { try await platform.trigger() }?.code == .refused(-32010))
                try await platform.create([Platform.ann])
                #expect(await failure { try await platform.trigger() }?.code == .refused(-32020))
                let errors = [
                    await failure { try await platform.admin.getMigration(domain: Platform.domain) },
                    await failure { try await platform.admin.disableMigration(domain: Platform.domain) },
                ]
                for error in errors { #expect(error?.code == .refused(-32020)) }
            }
        }

        @Test func anAccountThatDoesNotMoveIsNotTriggered() async throws {
            let server = try Self.oldServer()
            defer { server.stop() }
            let excluded = { @Sendable (settings: inout EnableMigration) throws -> Void in
                settings.excludedAccounts = [try EmailAddress(Platform.ann)]
            }
            try await Platform.migrating(from: .loopback(port: server.port), changing: excluded) { platform in
                #expect(await failure { try await platform.trigger() }?.code == .refused(-32022))
                let status = try await platform.status()
                #expect(status.status == .nonMigrating)
            }
            #expect(server.seen.isEmpty)
        }

        @Test func aWrongPasswordIsTheUsersToMend() async throws {
            let error = try await Self.refusal { $0.hasPrefix("PASS") ? "-ERR [AUTH] wrong\r\n" : nil }
            #expect(error?.code == .refused(-32030))
            #expect(error?.message.zhCN == "未开始搬家，请您与管理员核实账号和密码。")
            #expect(error?.isRetryable == false)
        }

        @Test func aServerThatIsGoneIsUnreachable() async throws {
            let error = try await Self.refusal { _ in "" }  // never an answer
            #expect(error?.code == .refused(-32031))
            #expect(error?.isRetryable == true)
        }

        /// The server refuses `STLS`, which is asked for: somebody may have stripped it.
        @Test func aServerWithoutTheTLSAskedForIsNotTrusted() async throws {
            let error = try await Self.refusal(.starttls) { $0 == "STLS" ? "-ERR no\r\n" : nil }
            #expect(error?.code == .refused(-32032))
            #expect(error?.isRetryable == false)
        }

        @Test func nonsenseIsAProtocolError() async throws {
            let error = try await Self.refusal { $0.hasPrefix("PASS") ? "200 OK\r\n" : nil }
            #expect(error?.code == .refused(-32033))
        }

        @Test func aPasswordIsNotSentWhereItCouldBeRead() async throws {
            let server = try Self.oldServer()
            defer { server.stop() }
            let old = OldServerParameters.loopback(port: server.port, secure: true)
            try await Platform.migrating(from: old) { platform in
                let error = await failure { try await platform.trigger() }
                #expect(error?.code == .refused(-32034))
                let login = try await platform.logIn()
                #expect(login.decision == .unavailable)
                #expect(try await platform.reason() == .secureAuthenticationUnavailable)
            }
            #expect(!server.seen.contains { $0.hasPrefix("USER") || $0.hasPrefix("PASS") || $0.hasPrefix("AUTH") })
        }

        @Test(arguments: ["[IN-USE] locked", "[LOGIN-DELAY] wait"])
        func aMailboxInUseIsForLater(words: String) async throws {
            let error = try await Self.refusal { $0.hasPrefix("PASS") ? "-ERR \(words)\r\n" : nil }
            #expect(error?.code == .refused(-32035))
            #expect(error?.isRetryable == true)
        }

        @Test func guessingIsStoppedAndTheRightPasswordStillOpens() async throws {
            let server = try Self.oldServer()
            defer { server.stop() }
            let limit = ["MAILMOVE_LIMITS_FAILURES_PER_ACCOUNT": "3"]
            try await Platform.migrating(from: .loopback(port: server.port), environment: limit) { platform in
                for guess in 0..<3 {
                    let login = try await platform.logIn(password: "guess \(guess)")
                    #expect(login.decision == .reject)
                }
                let error = await failure { try await platform.logIn(password: "another guess") }
                #expect(error?.code == .refused(-32002))
                #expect(error?.retryAfter ?? .zero > .zero)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .accept)
            }
            #expect(server.seen.filter { $0.hasPrefix("PASS guess") || $0.hasPrefix("PASS another") }.count == 3)
        }

        @Test func messagesThatAreNotGivenAreNamedAndMakeTheRunFail() async throws {
            let server = try Self.oldServer { $0 == "RETR 2" ? "-ERR not that one\r\n" : nil }
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                #expect(try await platform.logIn().decision == .accept)
                let status = try await platform.settled()
                #expect(status.error?.reason == .messagesRefused)
                #expect(status.moved == 2)
                #expect(status.remaining == 1)
                #expect(try await platform.events().contains { $0.kind == "messageRefused" })
            }
        }

        @Test func aParameterThatIsWrongIsNamed() async throws {
            try await Platform.running { platform in
                let own = EnableMigration(
                    domain: try DomainName(Platform.domain), oldServer: OldServerParameters(host: "127.0.0.1"))
                let error = await failure { try await platform.admin.enableMigration(own) }
                #expect(error?.code == .refused(-32602))
                #expect(error?.parameter == "oldServer.host")
            }
        }

        /// A file stands where the account's folder should.
        @Test func aMailStoreThatCannotTakeMailFailsTheRunAndLosesNothing() async throws {
            let server = try Self.oldServer()
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                let folder = platform.daemon.maildir(of: Platform.ann).deletingLastPathComponent()
                let files = FileManager.default
                try files.createDirectory(
                    at: folder.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data().write(to: folder)
                #expect(try await platform.logIn().decision == .accept)
                let status = try await platform.settled()
                #expect(status.error?.reason == .mailStoreUnavailable)
                #expect(status.error?.retryable == true)
                try files.removeItem(at: folder)
                #expect(try await platform.logIn().decision == .accept)
                let after = try await platform.status { $0.status == .completed }
                #expect(after.moved == 3)
            }
        }
    }
}
