// SPDX-License-Identifier: Apache-2.0

import DNS
import Testing
import Vocabulary

@testable import Diagnosis

/// What follows from a domain's records: one row a case.
@Suite struct DomainFindingsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var facts: DomainFacts
        var severity: Severity
        /// What the finding says.
        var text: String

        init(
            _ name: String, _ severity: Severity, _ text: String,
            _ change: (inout DomainFacts) -> Void
        ) {
            self.name = name
            self.severity = severity
            self.text = text
            facts = Self.moved
            change(&facts)
        }

        var testDescription: String { name }

        /// example.com, wholly moved: the ground of each case.
        static let moved: DomainFacts = {
            var facts = DomainFacts(domain: domain("example.com"))
            facts.platform.hosts = [domain("mx.new.example")]
            facts.exchangers = .mx("mx.new.example")
            facts.hosts["mx.new.example"] = .at("192.0.2.20")
            facts.texts = .spf("v=spf1 mx -all")
            facts.spf = [("192.0.2.20", .pass)]
            var old = DomainFacts.Old(server: OldServer(host: "192.0.2.10"))
            old.addresses = ["192.0.2.10"]
            facts.move = .active(old)
            return facts
        }()

        static func domain(_ text: String) -> DomainName {
            do {
                return try DomainName(text)
            } catch {
                fatalError("a test names \(text) as a domain: \(error)")
            }
        }
    }

    @Test func aDomainThatIsMovedIsOK() {
        let findings = DomainFindings.all(of: Row.moved)
        #expect(findings.allSatisfy { $0.severity == .info }, "\(findings)")
        #expect(findings.contains { $0.text.hasPrefix("all mail for example.com goes to the new platform") })
        #expect(findings.contains { $0.text == "the old server answers: 192.0.2.10:110" })
    }

    private static let places: [Row] = [
        Row(
            "not switched", .error,
            "does not go to the new platform yet: MX 10 mail.old.example (192.0.2.10) is the old"
        ) {
            $0.exchangers = .mx("mail.old.example")
            $0.hosts["mail.old.example"] = .at("192.0.2.10")
        },
        Row(
            "elsewhere", .error,
            "MX 10 mx.other.example (192.0.2.99) is not the new platform; switch to MX mx.new.example"
        ) {
            $0.exchangers = .mx("mx.other.example")
            $0.hosts["mx.other.example"] = .at("192.0.2.99")
        },
        Row("stale backup", .error, "moved in part: MX 20 backup.old.example (192.0.2.10) is the old server") {
            $0.exchangers = .mx("mx.new.example", "backup.old.example")
            $0.hosts["backup.old.example"] = .at("192.0.2.10")
        },
        Row("host in two places", .error, "only in part: correct the address 192.0.2.99") {
            $0.platform.addresses = ["192.0.2.20"]
            $0.hosts["mx.new.example"] = .at("192.0.2.20", "192.0.2.99")
        },
        Row("platform's other host", .warning, "mx2.new.example, a host of the new platform, is no MX") {
            $0.platform.hosts.append(Row.domain("mx2.new.example"))
        },
        Row(
            "by address alone", .info,
            "all mail for example.com goes to the new platform: mx.other.example (192.0.2.20)"
        ) {
            $0.platform = MailPlatform(addresses: ["192.0.2.20"])
            $0.exchangers = .mx("mx.other.example")
            $0.hosts["mx.other.example"] = .at("192.0.2.20")
        },
        Row("not known", .error, "it is not known whether MX 10 mx.other.example of example.com is the new platform") {
            $0.exchangers = .mx("mx.other.example")
            $0.hosts["mx.other.example"] = .init(four: Answer(.failed(.serverFailure)))
        },
        Row("without platform, old", .error, "still goes to the old server: MX 10 mail.old.example (192.0.2.10)") {
            $0.platform = MailPlatform()
            $0.exchangers = .mx("mail.old.example")
            $0.hosts["mail.old.example"] = .at("192.0.2.10")
        },
        Row("without platform", .info, "goes to MX 10 mx.new.example (192.0.2.20); whether that is the new platform") {
            $0.platform = MailPlatform()
        },
    ]

    private static let records: [Row] = [
        Row("no answer", .error, "it is not known where mail for example.com goes: the name server does not answer") {
            $0.exchangers = Answer(.failed(.timedOut))
        },
        Row("no such domain", .error, "example.com does not exist in DNS") { $0.exchangers = Answer(.noSuchName) },
        Row("null MX", .error, "null MX (RFC 7505) that it takes no mail; replace it by MX mx.new.example") {
            $0.exchangers = .mx(".")
        },
        Row("null MX beside another", .error, "beside other MX records") { $0.exchangers = .mx(".", "mx.new.example") },
        Row("implicit MX", .warning, "has no MX: mail goes to its own addresses") {
            $0.exchangers = Answer(.noSuchRecord)
            $0.own = .at("192.0.2.20")
        },
        Row("implicit MX elsewhere", .error, "MX 0 example.com (192.0.2.80) is not the new platform") {
            $0.exchangers = Answer(.noSuchRecord)
            $0.own = .at("192.0.2.80")
        },
        Row("neither", .error, "neither MX nor address") { $0.exchangers = Answer(.noSuchRecord) },
        Row("alias as MX", .warning, "alias (CNAME) of mx.new.example, which MX must not name") {
            $0.exchangers = .mx("mail.example")
            $0.hosts["mail.example"] = .init(
                four: Answer(.records(["192.0.2.20"]), aliases: ["x.example", "mx.new.example"]))
        },
        Row("address as MX", .error, "MX 10 192.0.2.20 of example.com is an address") {
            $0.exchangers = .mx("192.0.2.20")
        },
        Row("localhost", .error, "leads every sender to its own machine") { $0.exchangers = .mx("localhost") },
        Row("loopback", .error, "leads every sender to its own machine (localhost (127.0.0.1))") {
            $0.exchangers = .mx("mx.other.example")
            $0.hosts["mx.other.example"] = .at("127.0.0.1")
        },
        Row("no host name", .error, #"MX 10 a\027b of example.com is no host name"#) {
            $0.exchangers = .mx(#"a\027b"#)
        },
        Row("without address", .error, "MX 10 mx.new.example of example.com has no address") {
            $0.hosts["mx.new.example"] = .init()
        },
        Row("private network", .warning, "has an address of a private network") {
            $0.platform = MailPlatform()
            $0.exchangers = .mx("mx.other.example")
            $0.hosts["mx.other.example"] = .at("10.0.0.1")
        },
        Row("too many", .warning, "has 30 MX records, of which the 20 most preferred") {
            $0.exchangers = .mx(Array(repeating: "mx.new.example", count: 30))
        },
        Row("alias itself", .info, "example.com is an alias (CNAME) of example.net") {
            $0.own.four = Answer(.records(["192.0.2.80"]), aliases: ["example.net"])
        },
    ]

    private static let oldServer: [Row] = [
        Row("leads back", .error, "leads back to the new platform") { $0.oldName = .at("192.0.2.20") },
        Row("leads back for the system", .error, "leads back to the new platform") {
            $0.oldName = .at("192.0.2.10")
            $0.old { $0.addresses = ["192.0.2.20"] }
        },
        Row("the platform's address", .error, "192.0.2.20:110 is set as the old server") {
            $0.old { old in
                old.server.host = "192.0.2.20"
                old.addresses = ["192.0.2.20"]
            }
        },
        Row("this machine", .error, "and is the new platform itself") { $0.old { $0.isThisMachine = true } },
        Row("inside", .warning, "the old server's name pop.example.com (192.0.2.10) is inside example.com") {
            $0.oldName = .at("192.0.2.10")
            $0.old { $0.server.host = "pop.example.com" }
        },
        Row("by name", .info, "its IP address would not depend on DNS") { $0.oldName = .at("192.0.2.10") },
        Row("down", .error, "nothing can be moved: the old server is down") {
            $0.old { $0.failure = "the old server is down" }
        },
        Row("over", .info, "the migration of example.com is expired") { $0.move = .over(.expired) },
        Row("never enabled", .info, "no migration of example.com is enabled") { $0.move = .none },
    ]

    private static let spf: [Row] = [
        Row("none", .info, "has no SPF record") { $0.texts = Answer(.noSuchRecord) },
        Row("not known", .warning, "is not known: the name server fails") {
            $0.texts = Answer(.failed(.serverFailure))
        },
        Row("several", .warning, "has 2 SPF records") { $0.texts = .spf("v=spf1 -all", "v=spf1 mx -all") },
        Row("broken", .warning, "is broken, and receivers obey none of it: the term mxx is not known") {
            $0.texts = .spf("v=spf1 mxx -all")
        },
        Row("hostile", .warning, #"correct it: v=spf1 \027[31m"#) { $0.texts = .spf("v=spf1 \u{1B}[31m") },
        Row("does not cover", .warning, "does not allow the new platform's 192.0.2.20 (fail)") {
            $0.platform.addresses = ["192.0.2.20"]
            $0.spf = [("192.0.2.20", .fail)]
        },
        Row("does not cover a host", .info, "add ip6:2001:db8::20") { $0.spf = [("2001:db8::20", .softfail)] },
        Row("cannot be followed", .warning, "cannot be followed, and receivers obey none of it: why") {
            $0.spf = [("192.0.2.20", .permanentError("why"))]
        },
    ]

    @Test(arguments: places + records + oldServer + spf)
    func aFindingSaysWhatIsAndWhatToDo(_ row: Row) {
        let findings = DomainFindings.all(of: row.facts)
        #expect(findings.contains { $0.severity == row.severity && $0.text.contains(row.text) }, "\(findings)")
        if row.severity != .error { #expect(!findings.contains { $0.severity == .error }, "\(findings)") }
        let ranks = findings.map { Severity.allCases.firstIndex(of: $0.severity) ?? 0 }
        #expect(ranks == ranks.sorted())
        for finding in findings {
            #expect(!finding.text.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(finding)")
        }
    }
}

extension Answer<MailExchanger> {
    fileprivate static func mx(_ hosts: String...) -> Self { mx(hosts) }

    fileprivate static func mx(_ hosts: [String]) -> Self {
        Self(.records(hosts.enumerated().map { MailExchanger(preference: 10 * ($0 + 1), host: $1) }))
    }
}

extension Answer<[UInt8]> {
    fileprivate static func spf(_ texts: String...) -> Self { Self(.records(texts.map { Array($0.utf8) })) }
}

extension DomainFacts.Host {
    fileprivate static func at(_ addresses: IPAddress...) -> Self { Self(four: Answer(.records(addresses))) }
}

extension DomainFacts {
    fileprivate mutating func old(_ change: (inout Old) -> Void) {
        guard case .active(var old) = move else { return }
        change(&old)
        move = .active(old)
    }
}

extension IPAddress: ExpressibleByStringLiteral {
    init(stringLiteral text: StaticString) {
        guard let address = IPAddress("\(text)" as String) else { fatalError("a test names \(text) as an address") }
        self = address
    }
}
