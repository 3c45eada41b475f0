// SPDX-License-Identifier: Apache-2.0

import DNS
import Diagnosis
import Ground
import Secrets
import Support
import Testing
import Vocabulary

@Suite(.timeLimit(.minutes(15)), .enabled(if: NameServer.isAvailable)) struct DetectionTests {
    /// - Parameter names: asked instead of the system's name servers.
    private func detect(_ subject: ServerDetection.Subject, _ names: NameServer) async throws -> [ServerCandidate] {
        var limits = NewPlatform.quick
        limits.resolver = Resolver(server: .init(host: "127.0.0.1", port: names.port))
        var found: [ServerCandidate] = []
        try await NewPlatform.run(limits: limits) { platform in
            found = try await platform.move.detection.detect(subject)
        }
        return found
    }

    @Test func whatDNSAnnouncesIsFoundThroughTheNameServerThatIsSet() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let names = try await NameServer(zones: [
            "example.com": "_pop3._tcp SRV 0 0 \(server.port) old\n_imaps._tcp SRV 0 0 0 .\nold A 127.0.0.1"
        ])
        defer { names.stop() }
        let found = try await detect(.domain(NewPlatform.ann.domain), names)
        #expect(found.count == 1)
        let best = try #require(found.first)
        #expect(best.isOK && best.host == "old.example.com" && best.port == server.port && best.source == .srv)
        #expect(best.security == .none && best.usernameIncludesDomain == nil)
        #expect(server.shown.isEmpty)
    }

    @Test func thePasswordTellsWhatUserNamesAreLike() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let names = try await NameServer(zones: [
            "example.com": "_pop3._tcp SRV 0 0 \(server.port) old\nold A 127.0.0.1"
        ])
        defer { names.stop() }
        let right = try await detect(.account(NewPlatform.ann, Password("old")), names)
        #expect(right.first?.isOK == true && right.first?.usernameIncludesDomain == true)
        #expect(server.shown == ["old"])
        let wrong = try await detect(.account(NewPlatform.ann, Password("mistyped")), names)
        #expect(wrong.first?.isOK == false && wrong.first?.usernameIncludesDomain == nil)
        #expect(wrong.first?.detail.contains("rejects the password") == true)
        // With the domain and without, and no more.
        #expect(server.shown == ["old", "mistyped", "mistyped"])
        let users = server.state.withLock { $0.lines.filter { $0.hasPrefix("USER ") } }
        #expect(users.suffix(2) == ["USER ann@example.com", "USER ann"])
    }

    @Test func aServerThatIsSilentOrAwayIsAFinding() async throws {
        let silent = try OldMailServer(password: "old")
        defer { silent.stop() }
        silent.state.withLock { $0.login = .silence }
        let away = try LoopbackSocket.freePort()
        let names = try await NameServer(zones: [
            "example.com": """
            _pop3._tcp SRV 0 0 \(silent.port) old
            _pop3._tcp SRV 1 0 \(away) old
            old A 127.0.0.1
            """
        ])
        defer { names.stop() }
        let found = try await detect(.account(NewPlatform.ann, Password("old")), names)
        #expect(found.count == 2 && !found.contains(where: \.isOK))
        #expect(found.contains { $0.detail.contains("cannot be reached") })
    }

    @Test func aDomainThatDNSDoesNotKnowHasNone() async throws {
        let names = try await NameServer(zones: ["example.com": ""])
        defer { names.stop() }
        #expect(try await detect(.domain(NewPlatform.ann.domain), names).isEmpty)
    }
}
