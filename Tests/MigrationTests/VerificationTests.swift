// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing
import Vocabulary

@testable import Migration

@Suite(.timeLimit(.minutes(3))) struct VerificationTests {
    private func verify(
        _ server: OldMailServer, security: TransportSecurity = .none, password: String? = "old"
    ) async throws -> OldServerFindings {
        var found: OldServerFindings?
        try await NewPlatform.run { platform in
            found = try await platform.move.verification.verify(
                OldServer(host: "127.0.0.1", port: server.port, security: security), account: NewPlatform.ann,
                password: password.map { Password($0) })
        }
        return try #require(found)
    }

    @Test func aGoodServerPassesEveryCheckInOrder() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server)
        #expect(findings.isOK)
        #expect(
            findings.checks.map(\.name) == [
                .resolve, .connect, .greeting, .capabilities, .authenticate, .mailbox, .uidl, .retrieve,
                .rejectsWrongPassword,
            ])
        #expect(findings.mailbox?.messages == 3)
        #expect(findings.hasUIDL)
        #expect(server.shown.count == 3)
        #expect(server.shown.contains(""))
    }

    @Test func aWrongPasswordIsAFinding() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server, password: "wrong")
        #expect(findings.checks.first { !$0.isOK }?.name == .authenticate)
        #expect(server.shown == ["wrong"])
    }

    @Test func aServerThatIsDownIsAFinding() async throws {
        let server = try OldMailServer(password: "old")
        server.stop()
        let findings = try await verify(server)
        #expect(findings.checks.map(\.name) == [.resolve, .connect])
        #expect(findings.checks.last?.isOK == false)
        #expect(!findings.advice.isEmpty)
    }

    @Test func aServerThatTakesAnyPasswordIsFound() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { $0.login = .say("+OK welcome") }
        let findings = try await verify(server, password: nil)
        #expect(findings.checks.first { !$0.isOK }?.name == .rejectsWrongPassword)
    }

    @Test func tlsThatIsNotThereIsAFindingAndNothingIsSent() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let findings = try await verify(server, security: .starttls)
        #expect(findings.checks.first { !$0.isOK }?.name == .tls)
        #expect(server.shown.isEmpty)
    }
}
