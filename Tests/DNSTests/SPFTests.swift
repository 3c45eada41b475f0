// SPDX-License-Identifier: Apache-2.0

import DNS
import Support
import Testing
import Vocabulary

/// What SPF records say of an address (RFC 7208).
@Suite(.timeLimit(.minutes(15))) struct SPFTests {
    private static let lookups = (0..<11).map { "many\($0) A 192.0.2.99\n" }.joined()
    private static let zone = #"""
        plain     TXT "v=spf1 ip4:192.0.2.0/28 -all"
        by-a      TXT "V=SPF1 a:mail.test ?all"
        by-mx     TXT "v=spf1 mx/28 ~all"
        by-mx     MX  10 mail
        mail      A   192.0.2.20
        mail      AAAA 2001:db8::20
        by-six    TXT "v=spf1 ip6:2001:db8::/64 -all"
        include   TXT "v=spf1 include:plain.test ~all"
        redirect  TXT "v=spf1 redirect=plain.test"
        end       TXT "v=spf1"
        none      TXT "just text"
        two       TXT "v=spf1 -all"
        two       TXT "v=spf1 +all"
        broken    TXT "v=spf1 ip4:300.0.2.20 -all"
        hollow    TXT "v=spf1 include:none.test -all"
        void      TXT "v=spf1 a:x1.test a:x2.test a:x3.test -all"
        circle    TXT "v=spf1 include:circle.test -all"
        many      TXT "v=spf1 a:many0.test a:many1.test a:many2.test a:many3.test a:many4.test a:many5.test" " a:many6.test a:many7.test a:many8.test a:many9.test a:many10.test -all"
        macro     TXT "v=spf1 exists:%{i}.list.test -all"
        macro-ok  TXT "v=spf1 exists:%{i}.list.test ip4:192.0.2.20 -all"
        failing   TXT "v=spf1 include:any.broken -all"
        """# + "\n" + lookups

    @Test(
        .enabled(if: NameServer.isAvailable, "needs knot"),
        arguments: [
            ("plain", "192.0.2.10", .pass), ("plain", "192.0.2.20", .fail), ("by-a", "192.0.2.20", .pass),
            ("by-a", "192.0.2.21", .neutral), ("by-a", "2001:db8::20", .pass), ("by-mx", "192.0.2.21", .pass),
            ("by-mx", "192.0.2.40", .softfail), ("by-six", "2001:db8::1", .pass), ("by-six", "2001:db9::1", .fail),
            ("include", "192.0.2.10", .pass), ("include", "192.0.2.20", .softfail), ("redirect", "192.0.2.20", .fail),
            ("end", "192.0.2.20", .neutral), ("none", "192.0.2.20", .none), ("nobody", "192.0.2.20", .none),
            ("two", "192.0.2.20", .permanentError("two.test has 2 SPF records")),
            (
                "broken", "192.0.2.20",
                .permanentError("the SPF record of broken.test is broken: ip4:300.0.2.20: this is no IPv4 address")
            ),
            (
                "hollow", "192.0.2.20",
                .permanentError("none.test, which hollow.test includes, has no SPF record")
            ),
            (
                "void", "192.0.2.20",
                .permanentError("more than 2 of the names it looks up do not exist, such as x3.test")
            ),
            (
                "circle", "192.0.2.20",
                .permanentError("it takes more than 10 lookups; include:circle.test is one too many")
            ),
            ("many", "192.0.2.20", .permanentError("it takes more than 10 lookups; a:many10.test is one too many")),
            ("macro", "192.0.2.20", .undetermined("exists:%{i}.list.test")), ("macro-ok", "192.0.2.20", .pass),
            ("failing", "192.0.2.20", .temporaryError("any.broken: the name server fails (SERVFAIL)")),
        ] as [(String, String, SPFResult)])
    func anAddressIsJudgedAsReceiversWould(_ name: String, _ address: String, _ expected: SPFResult) async throws {
        let server = try await NameServer(zones: ["test": Self.zone, "broken": nil])
        defer { server.stop() }
        let address = try #require(IPAddress(address))
        let resolver = Resolver(server: .init(host: "127.0.0.1", port: server.port))
        let result = await resolver.session(until: .now + .seconds(60)) { session in
            await SPFCheck.result(of: address, for: "\(name).test", asking: session)
        }
        #expect(result == expected)
    }

    @Test(arguments: [
        "v=spf1 all:x", "v=spf1 include", "v=spf1 include:", "v=spf1 ip4:192.0.2.1/33", "v=spf1 ip4:2001:db8::1",
        "v=spf1 ip6:192.0.2.1", "v=spf1 a/33", "v=spf1 a//129", "v=spf1 a/1/2", "v=spf1 mx:a_b..c",
        "v=spf1 ipv4:192.0.2.1",
        "v=spf1 redirect=a.example redirect=b.example", "v=spf1 exp=a.example exp=b.example", "v=spf1 -", "v=spf1 =x",
        "v=spf1 a:\u{1B}[31m", "v=spf1 ip4:192.0.2.1/", "v=spf1 mx:",
    ])
    func aTermThatIsWrongBreaksTheRecord(_ text: String) {
        #expect(throws: SPFRecord.Malformed.self) { try SPFRecord(Array(text.utf8)) }
    }

    @Test(arguments: [
        "v=spf1", "v=spf1 ", "v=spf1  a   mx  -all", "v=spf1 A/24//64 MX:example.com/24 Ptr ptr:example.com ?all",
        "v=spf1 include:%{d}._spf.example.com. unknown=modifier exp=why.example.com", "v=spf1 ip6:::ffff:192.0.2.1/120",
        "v=spf1 a:%{l/}.example.com/24",
    ])
    func aRecordInAnyLawfulFormIsRead(_ text: String) throws {
        #expect(SPFRecord.isSPF(Array(text.utf8)))
        _ = try SPFRecord(Array(text.utf8))
    }

    @Test(arguments: ["v=spf10 -all", "v=spf2.0/pra", "V=SPF", "", "spf1", " v=spf1"])
    func anotherTextIsNoSPF(_ text: String) {
        #expect(!SPFRecord.isSPF(Array(text.utf8)))
    }
}
