// SPDX-License-Identifier: Apache-2.0

import DNS
import Support
import Testing
import Vocabulary

/// What a session with a real name server tells.
@Suite(.timeLimit(.minutes(15)), .enabled(if: NameServer.isAvailable, "needs knot")) struct ResolverTests {
    private static let zone = #"""
        moved       MX   20 mx2.new
        moved       MX   10 MX1.New
        mx1.new     A    192.0.2.20
        mx1.new     AAAA 2001:db8::20
        mx2.new     A    192.0.2.21
        nomail      MX   0 .
        alias       CNAME second
        second      CNAME mx1.new
        dangling    CNAME nowhere
        circle      CNAME round
        round       CNAME circle
        strings     TXT  "v=spf1 ip4:192" ".0.2.20 -all"
        odd         MX   10 a\027\027b\.c.new
        """#

    private func ask<Result: Sendable>(
        _ server: String, for limit: Duration = .seconds(60), _ body: (ResolverSession) async throws -> Result
    ) async throws -> Result {
        let parts = server.split(separator: ":")
        let resolver = Resolver(server: .init(host: String(parts[0]), port: try #require(Int(parts[1]))))
        return try await resolver.session(until: .now + limit, body)
    }

    @Test func recordsAreWhatTheZoneSays() async throws {
        let server = try await NameServer(zones: ["test": Self.zone])
        defer { server.stop() }
        try await ask(server.address) { session in
            let moved = await session.mailExchangers(of: "moved.test")
            #expect(moved.records.map(\.host) == ["mx1.new.test", "mx2.new.test"], "the most preferred first")
            #expect(await session.addresses4(of: "mx1.new.test").records.map(\.description) == ["192.0.2.20"])
            #expect(await session.addresses6(of: "MX1.new.test").records.map(\.description) == ["2001:db8::20"])
            #expect(await session.mailExchangers(of: "nomail.test").records == [.init(preference: 0, host: ".")])
            #expect(
                await session.texts(of: "strings.test").records == [Array("v=spf1 ip4:192.0.2.20 -all".utf8)])
        }
    }

    @Test func whoAsksAfterTheSessionsEndIsToldSo() async throws {
        var escaped: ResolverSession?
        await Resolver(server: .init(host: "127.0.0.1", port: 53)).session(until: .now + .seconds(60)) { escaped = $0 }
        let answer = try #require(await escaped?.addresses4(of: "moved.test"))
        #expect(answer.outcome == .failed(.cancelled))
    }

    @Test func aliasesAreTold() async throws {
        let server = try await NameServer(zones: ["test": Self.zone])
        defer { server.stop() }
        try await ask(server.address) { session in
            let alias = await session.addresses4(of: "alias.test")
            #expect(alias.records.map(\.description) == ["192.0.2.20"])
            #expect(alias.aliases == ["second.test", "mx1.new.test"])
            #expect(await session.addresses4(of: "dangling.test").outcome != .noSuchRecord)
            #expect(await session.addresses4(of: "dangling.test").records.isEmpty)
            #expect(await session.addresses4(of: "circle.test").records.isEmpty)
        }
    }

    @Test func whatIsNotThereIsToldApart() async throws {
        let server = try await NameServer(zones: ["test": Self.zone, "broken": nil])
        defer { server.stop() }
        try await ask(server.address) { session in
            #expect(await session.mailExchangers(of: "nobody.test").outcome == .noSuchName)
            #expect(await session.mailExchangers(of: "mx1.new.test").outcome == .noSuchRecord)
            #expect(await session.mailExchangers(of: "any.broken").outcome == .failed(.serverFailure))
            #expect(await session.mailExchangers(of: "example.org").outcome == .failed(.refused))
            #expect(await session.mailExchangers(of: "not a name").outcome == .failed(.invalidName))
        }
    }

    @Test func whatNameServersSayIsPrintable() async throws {
        let server = try await NameServer(zones: ["test": Self.zone])
        defer { server.stop() }
        try await ask(server.address) { session in
            let host = try #require(await session.mailExchangers(of: "odd.test").records.first?.host)
            #expect(host == #"a\027\027b\046c.new.test"#)
            #expect(await session.addresses4(of: host).outcome == .failed(.invalidName))
        }
    }

    @Test func whatDoesNotFitIntoADatagramComesByTCP() async throws {
        let records = (0..<400).map { "many MX \($0) host-\($0).of.a.long.name.example.\n" }.joined()
        let server = try await NameServer(zones: ["test": records])
        defer { server.stop() }
        try await ask(server.address) { session in
            #expect(await session.mailExchangers(of: "many.test").records.count == 400)
        }
    }

    @Test func silenceEndsAtTheDeadline() async throws {
        let server = try SilentNameServer()
        let clock = ContinuousClock()
        let took = try await clock.measure {
            try await ask(server.address, for: .milliseconds(200)) { session in
                #expect(await session.mailExchangers(of: "moved.test").outcome == .failed(.timedOut))
                #expect(await session.mailExchangers(of: "other.test").outcome == .failed(.timedOut))
            }
        }
        #expect(took >= .milliseconds(200))
    }

    @Test func aPortWithoutServerIsFoundOutAtOnce() async throws {
        let port = try LoopbackSocket.freePort()
        try await ask("127.0.0.1:\(port)") { session in
            #expect(await session.mailExchangers(of: "moved.test").outcome == .failed(.unreachable))
        }
    }

    @Test func aServerMayBeNamed() async throws {
        let server = try await NameServer(zones: ["test": Self.zone])
        defer { server.stop() }
        try await ask("localhost:\(server.port)") { session in
            #expect(await session.mailExchangers(of: "nomail.test").records.count == 1)
        }
        try await ask("nowhere.invalid:53", for: .milliseconds(300)) { session in
            #expect(await session.mailExchangers(of: "nomail.test").failure != nil)
        }
    }

    @Test func cancellingEndsTheWait() async throws {
        let server = try SilentNameServer()
        let task = Task {
            try await ask(server.address) { await $0.mailExchangers(of: "moved.test").outcome }
        }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        let outcome = try await task.value
        #expect(outcome == .failed(.cancelled) || outcome == .failed(.timedOut))
    }

    @Test func questionsOfASessionAreBounded() async throws {
        let server = try await NameServer(zones: ["test": Self.zone])
        defer { server.stop() }
        try await ask(server.address) { session in
            await withTaskGroup { group in
                for number in 0..<300 {
                    group.addTask { await session.addresses4(of: "n\(number).test").outcome }
                }
                let outcomes = await group.reduce(into: []) { $0.append($1) }
                #expect(outcomes.count { $0 == .noSuchName } == 256)
                #expect(outcomes.count { $0 == .failed(.tooManyQuestions) } == 44)
            }
        }
    }
}
