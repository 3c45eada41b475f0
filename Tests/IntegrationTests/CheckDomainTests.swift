// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// `checkDomain` as an administrator calls it, with a real name server.
    @Suite(.serialized, .timeLimit(.minutes(15)), .enabled(if: NameServer.isAvailable, "needs knot"))
    struct CheckDomainTests {
        private static let test = #"""
            mx.new         A    192.0.2.20
            mx.new         AAAA 2001:db8::20
            mail.old       A    192.0.2.10
            back.old       A    192.0.2.20
            moved          MX   10 mx.new
            moved          TXT  "v=spf1 ip4:192.0.2.20 ip6:2001:db8::20 -all"
            pop.moved      A    192.0.2.10
            half           MX   10 mx.new
            half           MX   20 mail.old
            unmoved        MX   10 mail.old
            unmoved        TXT  "v=spf1 ip4:192.0.2.10 -all"
            null           MX   0  .
            implicit       A    192.0.2.80
            alias          MX   10 mx.alias
            mx.alias       CNAME mx.new
            literal        MX   10 192.0.2.20.
            local          MX   10 localhost.
            spf            TXT  "v=spf1 -all"
            spf            TXT  "v=spf1 mx -all"
            spf            MX   10 mx.new
            xn--fsqu00a    MX   10 mx.new
            hostile        MX   10 a\027\091b.new
            hostile        TXT  "v=spf1 \027]0;owned\007 -all"
            """# + "\n" + (0..<300).map { "many MX \($0) host-\($0).of.a.rather.long.name\n" }.joined()

        private static func withDNS(
            _ body: (NameServer, Platform) async throws -> Void
        ) async throws {
            let server = try await NameServer(zones: ["test": test, "broken": nil])
            defer { server.stop() }
            try await Platform.running(environment: ["MAILMOVE_DNS_SERVER": server.address]) {
                try await body(server, $0)
            }
        }

        private static let new = CheckDomain.Platform(mx: ["mx.new.test."], addresses: ["192.0.2.20", "2001:db8::20"])

        struct Case: Sendable, CustomTestStringConvertible {
            var domain: String
            var ok: Bool
            var text: String
            var testDescription: String { domain }
        }

        @Test func eachStateOfADomainIsTold() async throws {
            let cases: [Case] = [
                Case(domain: "moved.test", ok: true, text: "all mail for moved.test goes to the new platform"),
                Case(domain: "half.test", ok: false, text: "moved in part: MX 20 mail.old.test (192.0.2.10)"),
                Case(domain: "unmoved.test", ok: false, text: "does not go to the new platform yet"),
                Case(domain: "unmoved.test", ok: false, text: "SPF of unmoved.test does not allow"),
                Case(domain: "null.test", ok: false, text: "null MX"),
                Case(domain: "implicit.test", ok: false, text: "has no MX: mail goes to its own addresses"),
                Case(domain: "alias.test", ok: true, text: "alias (CNAME) of mx.new.test"),
                Case(domain: "literal.test", ok: false, text: "is an address, where a host name has to be"),
                Case(domain: "local.test", ok: false, text: "leads every sender to its own machine"),
                Case(domain: "nobody.test", ok: false, text: "does not exist in DNS"),
                Case(domain: "any.broken", ok: false, text: "SERVFAIL"),
                Case(domain: "example.org", ok: false, text: "REFUSED"),
                Case(domain: "spf.test", ok: true, text: "has 2 SPF records"),
                Case(domain: "many.test", ok: false, text: "has 300 MX records"),
                Case(domain: "例子.test", ok: true, text: "all mail for xn--fsqu00a.test goes to the new platform"),
            ]
            try await Self.withDNS { _, platform in
                for expected in cases {
                    let report = try await platform.admin.checkDomain(domain: expected.domain, platform: Self.new)
                    #expect(report.ok == expected.ok, "\(expected.domain): \(report.findings)")
                    #expect(
                        report.findings.contains { $0.text.contains(expected.text) },
                        "\(expected.domain): \(report.findings)")
                }
                let moved = try await platform.admin.checkDomain(domain: "moved.test").records
                #expect(
                    moved.mx == [.init(preference: 10, host: "mx.new.test", addresses: ["192.0.2.20", "2001:db8::20"])])
                #expect(moved.spf == "v=spf1 ip4:192.0.2.20 ip6:2001:db8::20 -all")
            }
        }

        @Test func theOldServerIsLookedAtToo() async throws {
            let dovecot = try await DovecotServer(users: [:])
            try await Self.withDNS { _, platform in
                func findings(_ server: OldServerParameters) async throws -> DomainReport {
                    let domain = try DomainName("moved.test")
                    _ = try await platform.admin.enableMigration(EnableMigration(domain: domain, oldServer: server))
                    return try await platform.admin.checkDomain(domain: "moved.test", platform: Self.new)
                }
                let good = try await findings(.loopback(port: dovecot.port))
                #expect(good.ok && good.findings.contains { $0.text.contains("the old server answers") }, "\(good)")
                let back = try await findings(OldServerParameters(host: "back.old.test", security: .some(.none)))
                #expect(!back.ok && back.findings.contains { $0.text.contains("leads back to the new platform") })
                let inside = try await findings(OldServerParameters(host: "pop.moved.test", security: .some(.none)))
                #expect(
                    inside.findings.contains { $0.severity == .warning && $0.text.contains("is inside moved.test") })
                dovecot.stop()
                let down = try await findings(.loopback(port: dovecot.port))
                #expect(!down.ok && down.findings.contains { $0.text.contains("nothing can be moved") }, "\(down)")
                let old = try await findings(OldServerParameters(host: "192.0.2.10", security: .some(.none)))
                #expect(!old.ok, "192.0.2.10 is nobody's")
                let still = try await platform.admin.checkDomain(domain: "unmoved.test")
                #expect(still.ok, "nothing to compare with, and no migration")
            }
        }

        @Test func withoutAPlatformItIsToldThatMailStillGoesToTheOldServer() async throws {
            try await Self.withDNS { _, platform in
                let server = OldServerParameters(host: "192.0.2.10", security: .some(.none))
                let domain = try DomainName("unmoved.test")
                _ = try await platform.admin.enableMigration(EnableMigration(domain: domain, oldServer: server))
                let report = try await platform.admin.checkDomain(domain: "unmoved.test")
                #expect(!report.ok)
                #expect(report.findings.contains { $0.text.contains("still goes to the old server") }, "\(report)")
            }
        }

        @Test func aSilentNameServerIsAFindingAndAReloadTakesAnother() async throws {
            let silent = try SilentNameServer()
            let server = try await NameServer(zones: ["test": Self.test])
            defer { server.stop() }
            try await Platform.running { platform in
                let file = platform.daemon.folder.appending(path: "mailmoved.yaml")
                func use(_ address: String) async throws {
                    try Data("dns: {server: \"\(address)\"}\n".utf8).write(to: file)
                    platform.daemon.send(SIGHUP)
                    let told = platform.daemon.log.components(separatedBy: "was read again").count
                    for _ in 0..<500 where platform.daemon.log.components(separatedBy: "was read again").count == told {
                        try await Task.sleep(for: .milliseconds(10))
                    }
                }
                try await use(silent.address)
                let report = try await platform.admin.checkDomain(domain: "moved.test", platform: Self.new)
                #expect(!report.ok && report.findings.contains { $0.text.contains("does not answer") }, "\(report)")
                try await use(server.address)
                #expect(try await platform.admin.checkDomain(domain: "moved.test", platform: Self.new).ok)
            }
        }

        @Test func onlyTheAdministratorMayAsk() async throws {
            try await Self.withDNS { _, platform in
                let forbidden = await failure { try await platform.login.checkDomain(domain: "moved.test") }
                #expect(forbidden?.reason == .forbidden)
                let address = CheckDomain.Platform(mx: ["192.0.2.20"])
                let refused = await failure {
                    try await platform.admin.checkDomain(domain: "moved.test", platform: address)
                }
                #expect(refused?.parameter == "platform.mx[0]")
                #expect(refused?.detail.contains("it is an address, which goes into addresses") == true)
                let many = CheckDomain.Platform(mx: Array(repeating: "mx.new.test", count: 17))
                let bounded = await failure {
                    try await platform.admin.checkDomain(domain: "moved.test", platform: many)
                }
                #expect(bounded?.parameter == "platform.mx")
            }
        }

        @Test(.enabled(if: Mailmovectl.isAvailable))
        func mailmovectlPrintsFindingsOneALine() async throws {
            let server = try await NameServer(zones: ["test": Self.test])
            defer { server.stop() }
            try await Mailmovectl.withDaemon(environment: ["MAILMOVE_DNS_SERVER": server.address]) { ctl in
                let moved = try await ctl.run(["check", "moved.test", "--mx", "mx.new.test"])
                #expect(moved.status == 0, "\(moved)")
                #expect(moved.output.contains("MX\t10 mx.new.test (192.0.2.20, 2001:db8::20)\n"))
                #expect(moved.output.contains("info\tall mail for moved.test goes to the new platform"))
                let half = try await ctl.run(["check", "half.test", "--mx", "mx.new.test", "--mx", "mx2.new.test"])
                #expect(half.status == 1 && half.output.contains("FAILED\thalf.test is moved in part"), "\(half)")
                let address = try await ctl.run(["check", "unmoved.test", "--address", "192.0.2.20"])
                #expect(address.status == 1 && address.output.contains("SPF\tv=spf1 ip4:192.0.2.10 -all"), "\(address)")
                let plain = try await ctl.run(["check", "unmoved.test"])
                #expect(plain.status == 0, "\(plain)")
                let hostile = try await ctl.run(["check", "hostile.test"])
                #expect(hostile.status == 1, "\(hostile)")
                #expect(hostile.output.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || $0.value >= 0x20 })
                #expect(hostile.output.contains(#"a\027\091b.new.test"#) && hostile.output.contains(#"\027]0;owned"#))
                let wrong = try await ctl.run(["check", "moved.test", "--address", "mx.new.test"])
                #expect(wrong.status == 70 && wrong.errors.contains("platform.addresses[0]"), "\(wrong)")
            }
        }
    }
}
