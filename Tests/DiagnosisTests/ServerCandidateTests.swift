// SPDX-License-Identifier: Apache-2.0

import DNS
import Testing
import Vocabulary

@testable import Diagnosis

@Suite struct ServerCandidateTests {
    private let here: [IPAddress]
    private var facts: CandidateFacts

    init() throws {
        here = [IPAddress("192.0.2.10")]
        facts = CandidateFacts(domain: try DomainName("corp.example"))
    }

    private func shown(_ facts: CandidateFacts) -> [String] {
        facts.candidates.map { "\($0.source) \($0.mailProtocol) \($0.host):\($0.port) \($0.security)" }
    }

    @Test func aHosterIsKnownByItsExchangers() throws {
        var facts = facts
        facts.exchangers = ["mx1.qiye.aliyun.com", "mx2.qiye.aliyun.com"]
        #expect(
            shown(facts) == ["preset imap imap.qiye.aliyun.com:993 tls", "preset pop3 pop.qiye.aliyun.com:995 tls"])
        #expect(facts.candidates.allSatisfy { $0.usernameIncludesDomain == true })
        // A name that only ends like it is another's.
        facts.exchangers = ["mx.notqiye.aliyun.com.evil.example", "evil-mail.gandi.net.example"]
        #expect(shown(facts) == [])
    }

    @Test(arguments: [
        ("mxbiz1.qq.com", "imap.exmail.qq.com"), ("qiye163mx01.mxmail.netease.com", "imap.qiye.163.com"),
        ("mxw.263.net", "imap.263.net"), ("corp-example.mail.protection.outlook.com", "outlook.office365.com"),
        ("aspmx.l.google.com", "imap.gmail.com"), ("mta7.am0.yahoodns.net", "imap.mail.yahoo.com"),
        ("mx.zoho.com", "imappro.zoho.com"), ("mx00.kundenserver.de", "imap.ionos.de"),
        ("mx1.mail.ovh.net", "ssl0.ovh.net"), ("smtpin.rzone.de", "imap.strato.de"),
        ("spool.mail.gandi.net", "mail.gandi.net"), ("in1-smtp.messagingengine.com", "imap.fastmail.com"),
    ])
    func wellKnownHosters(_ exchanger: String, _ host: String) {
        var facts = facts
        facts.exchangers = [exchanger]
        #expect(facts.candidates.first?.host == host)
        #expect(facts.candidates.first?.source == .preset)
    }

    @Test func aHosterIsKnownByADomainOfItsOwn() throws {
        let facts = CandidateFacts(domain: try DomainName("gmail.com"))
        #expect(facts.candidates.map(\.host) == ["imap.gmail.com", "pop.gmail.com"])
    }

    @Test func whatDNSAnnouncesComesBeforeWhatIsGuessed() {
        var facts = facts
        facts.exchangers = ["mx.corp.example"]
        facts.services = [
            .pop3: [ServiceRecord(priority: 0, weight: 1, port: 1110, host: "old.corp.example")],
            .imaps: [ServiceRecord(priority: 0, weight: 1, port: 993, host: "mail.corp.example")],
        ]
        facts.addresses = ["mx.corp.example": here, "mail.corp.example": here, "old.corp.example": here]
        #expect(
            shown(facts) == [
                "srv imap mail.corp.example:993 tls", "srv pop3 old.corp.example:1110 opportunistic",
                "mx imap mx.corp.example:993 tls", "mx pop3 mx.corp.example:995 tls",
                "name pop3 mail.corp.example:995 tls", "mx imap mx.corp.example:143 opportunistic",
                "mx pop3 mx.corp.example:110 opportunistic", "name imap mail.corp.example:143 opportunistic",
                "name pop3 mail.corp.example:110 opportunistic",
            ])
    }

    @Test func ofManyRecordsSomeAreTried() {
        var facts = facts
        facts.services[.imap] = (0..<500).map { ServiceRecord(priority: 0, weight: 0, port: $0 + 1, host: "a.example") }
        #expect(facts.candidates.count == CandidateFacts.mostCandidates)
    }

    @Test func thePasswordGoesOnlyWhereNobodyCanStandIn() throws {
        let loopback = IPAddress("127.0.0.1")
        func isTrustworthy(_ security: TransportSecurity, _ addresses: [IPAddress]) -> Bool {
            ServerCandidate(
                mailProtocol: .pop3, host: "old.example", port: 110, security: security, usernameIncludesDomain: nil,
                source: .srv, addresses: addresses
            ).isTrustworthy
        }
        #expect(isTrustworthy(.tls, here) && isTrustworthy(.starttls, here))
        #expect(!isTrustworthy(.opportunistic, here) && !isTrustworthy(.none, here))
        #expect(isTrustworthy(.none, [loopback]))
        #expect(!isTrustworthy(.none, [loopback] + here) && !isTrustworthy(.none, []))
    }

    @Test func theBestComesFirst() throws {
        func candidate(
            _ mailProtocol: MailProtocol, _ security: TransportSecurity, _ source: CandidateSource, isOK: Bool,
            accepts: Bool = false
        ) -> ServerCandidate {
            ServerCandidate(
                mailProtocol: mailProtocol, host: "a.example", port: 1, security: security,
                usernameIncludesDomain: nil, source: source, isOK: isOK, acceptsPassword: accepts, addresses: here)
        }
        let inOrder = [
            candidate(.pop3, .none, .name, isOK: true, accepts: true), candidate(.imap, .tls, .preset, isOK: true),
            candidate(.pop3, .tls, .preset, isOK: true), candidate(.imap, .starttls, .srv, isOK: true),
            candidate(.imap, .opportunistic, .preset, isOK: true), candidate(.imap, .tls, .preset, isOK: false),
        ]
        #expect(inOrder.shuffled().sorted(by: ServerCandidate.precedes) == inOrder)
    }

    @Test func everyHosterIsThereOnce() {
        #expect(Set(Hoster.known.map(\.name)).count == Hoster.known.count)
        for hoster in Hoster.known {
            #expect(!hoster.servers.isEmpty && !(hoster.exchangers + hoster.domains).isEmpty, "\(hoster.name)")
            for name in hoster.exchangers + hoster.domains + hoster.servers.map(\.host) {
                #expect(name == name.lowercased() && name.contains(".") && !name.hasSuffix("."), "\(name)")
            }
        }
    }
}
