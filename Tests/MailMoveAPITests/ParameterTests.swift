// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Secrets
import Testing
import Vocabulary

@Suite struct ParameterTests {
    private static let server = #""domain":"example.com","oldServer":{"host":"127.0.0.1""#

    @Test(arguments: [
        (#"{}"#, "domain"),
        (#"{"domain":"example.com"}"#, "oldServer"),
        (#"{"domain":"exa mple","oldServer":{"host":"127.0.0.1"}}"#, "domain"),
        (#"{"domain":"../../etc","oldServer":{"host":"127.0.0.1"}}"#, "domain"),
        (#"{"domain":7,"oldServer":{"host":"127.0.0.1"}}"#, "domain"),
        (#"{"domain":null,"oldServer":{"host":"127.0.0.1"}}"#, "domain"),
        (#"{"domain":"example.com","oldServer":{}}"#, "oldServer.host"),
        (#"{"domain":"example.com","oldServer":{"host":""}}"#, "oldServer.host"),
        (#"{"domain":"example.com","oldServer":{"host":"a\r\nQUIT"}}"#, "oldServer.host"),
        (#"{"domain":"example.com","oldServer":{"host":"a b"}}"#, "oldServer.host"),
        (#"{"domain":"example.com","oldServer":{"host":"192.0.2.300"}}"#, "oldServer.host"),
        (#"{"domain":"example.com","oldServer":{"host":"[2001:db8::1]"}}"#, "oldServer.host"),
        (#"{\#(server),"port":0}}"#, "oldServer.port"),
        (#"{\#(server),"port":70000}}"#, "oldServer.port"),
        (#"{\#(server),"port":110.5}}"#, "oldServer.port"),
        (#"{\#(server),"port":"110"}}"#, "oldServer.port"),
        (#"{\#(server),"security":"ssl3"}}"#, "oldServer.security"),
        (#"{\#(server),"bogus":1}}"#, "oldServer.bogus"),
        (#"{\#(server),"domain":"a\nb"}}"#, "oldServer.domain"),
        (#"{\#(server),"certificate":{"verify":"fingerprint"}}}"#, "oldServer.certificate.sha256"),
        (#"{\#(server),"certificate":{"sha256":"abc"}}}"#, "oldServer.certificate.sha256"),
        (#"{\#(server),"security":"none","certificate":{"verify":"full"}}}"#, "oldServer.certificate"),
        (#"{\#(server)},"validDays":0}"#, "validDays"),
        (#"{\#(server)},"validDays":3651}"#, "validDays"),
        (#"{\#(server)},"knownAccounts":["a@example.com","b c@example.com"]}"#, "knownAccounts[1]"),
        (#"{\#(server)},"excludedAccounts":"a@example.com"}"#, "excludedAccounts"),
        (#"{\#(server)},"options":{"followUp":{}}}"#, "options.followUp.hours"),
        (#"{\#(server)},"options":{"followUp":{"hours":0}}}"#, "options.followUp.hours"),
        (#"{\#(server)},"options":{"followUp":{"hours":1,"everyMinutes":1441}}}"#, "options.followUp.everyMinutes"),
        (#"{\#(server)},"options":{"folder":""}}"#, "options.folder"),
        (#"{\#(server)},"options":{"folder":"../x"}}"#, "options.folder"),
        (#"{\#(server)},"options":{"folder":"a/b"}}"#, "options.folder"),
        (#"{\#(server)},"options":{"maxConnections":1001}}"#, "options.maxConnections"),
        (#"{\#(server)},"options":{"order":"random"}}"#, "options.order"),
        (#"{\#(server)},"syncPasswords":1}"#, "syncPasswords"),
    ])
    func aWrongSettingIsNamed(_ params: String, _ parameter: String) throws {
        let violation = try #require(try Contract.enableMigration.violation(params), "\(params)")
        #expect(violation.parameter == parameter)
    }

    @Test(arguments: [
        ("pop.bücher.example", "pop.xn--bcher-kva.example"), ("POP.example.com.", "POP.example.com"),
        ("old_pop.example.com", "old_pop.example.com"), ("pop", "pop"), ("192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ])
    func aHostIsKeptAsItIsLookedUp(_ given: String, _ kept: String) throws {
        let text = #"{"domain":"example.com","oldServer":{"host":"\#(given)"}}"#
        #expect(try Contract.enableMigration.parameters(text).oldServer.oldServer.host == kept)
    }

    @Test func anExpectationIsASentenceForPeople() throws {
        let port = try Contract.enableMigration.violation(#"{\#(Self.server),"port":0}}"#)
        #expect(port?.description == "oldServer.port must be an integer from 1 to 65535")
        let security = try Contract.enableMigration.violation(#"{\#(Self.server),"security":"ssl3"}}"#)
        #expect(
            security?.description
                == #"oldServer.security must be one of "none", "opportunistic", "starttls", "tls""#)
        let known = try Contract.enableMigration.violation(#"{\#(Self.server)},"knownAccounts":["x y@example.com"]}"#)
        #expect(known?.detail.contains("x y@example.com") == true)
        let account = try Contract.queryStatus.violation("{}")
        #expect(account?.description == "account is missing: full address")
    }

    @Test func aCallWithoutParametersMissesThem() throws {
        #expect(throws: Violation.self) { try Contract.queryStatus.parameters(from: nil) }
        #expect(throws: Never.self) { try Contract.ping.parameters(from: nil) }
        #expect(throws: Never.self) { try Contract.ping.parameters("[]") }
        #expect(try Contract.ping.violation("[1]")?.parameter == nil)
        #expect(try Contract.queryStatus.violation(#"["ann@example.com"]"#) != nil)
    }

    @Test(arguments: [
        #"{"account":"a@example.com","bogus":1}"#, #"{"bogus":null,"account":"a@example.com"}"#,
    ])
    func anUnknownParameterIsNamed(_ params: String) throws {
        #expect(try Contract.queryStatus.violation(params)?.parameter == "bogus")
    }

    @Test func nullMeansLeftOut() throws {
        let given = try Contract.enableMigration.parameters(
            #"{\#(Self.server),"port":null,"certificate":null},"options":null,"validDays":null}"#)
        #expect(given.oldServer.oldServer == OldServer(host: "127.0.0.1"))
        #expect(given.options == nil && given.validDays == nil)
    }

    @Test func anOldServersDefaultsFollowItsSecurity() throws {
        func server(_ rest: String) throws -> OldServer {
            try Contract.enableMigration.parameters(#"{\#(Self.server)\#(rest)}}"#).oldServer.oldServer
        }
        #expect(try server("").port == 110)
        #expect(try server("").certificate.verify == .none)
        #expect(try server(#","security":"tls""#).port == 995)
        #expect(try server(#","security":"tls""#).certificate.verify == .full)
        #expect(try server(#","security":"tls","port":9950"#).port == 9950)
        let colons = Array(repeating: "AB", count: 32).joined(separator: ":")
        let pinned = try server(#","security":"tls","certificate":{"verify":"fingerprint","sha256":"\#(colons)"}"#)
        #expect(pinned.certificate.sha256 == String(repeating: "ab", count: 32))
        #expect(try server(#","certificate":{"sha256":"\#(colons)"}"#).certificate.verify == .fingerprint)
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "fe80::1%eth0", "pop.example.com", "pop_old.example.com", "旧.example", "localhost",
    ])
    func aHostMayBeANameOrAnAddress(_ host: String) throws {
        #expect(try Contract.verifyOldServer.violation(#"{"oldServer":{"host":"\#(host)"}}"#) == nil)
    }

    @Test func optionsHaveTheContractsDefaults() throws {
        let given = try Contract.enableMigration.parameters(
            #"{\#(Self.server)},"options":{"followUp":{"hours":48},"markSeen":"all"}}"#)
        var expected = MoveOptions()
        expected.markSeen = .all
        expected.followUp = MoveOptions.FollowUp(hours: 48, everyMinutes: 30)
        #expect(given.options?.options == expected)
        #expect(MoveOptionsParameters().options == MoveOptions())
    }

    @Test func aBadRowIsLeftToBeRejectedByItself() throws {
        let given = try Contract.createAccounts.parameters(
            #"{"accounts":[{"address":"no-at-sign","password":"x"},{},{"address":"a@b.example","passwordHash":"{ROT13}a","password":null}]}"#
        )
        #expect(given.accounts.map(\.address) == ["no-at-sign", "", "a@b.example"])
        #expect(given.accounts.map(\.password) == [Password("x"), nil, nil])
    }

    @Test(arguments: [
        #"{"address":7,"password":"Str0ng-0-pass"}"#, #"{"address":"a@b.example","quotaOctets":-1}"#,
        #"{"address":"a@b.example","quotaOctets":1180591620717411303424}"#,
        #"{"address":"a@b.example","quotaOctets":1.5}"#, #"{"address":"a@b.example","quotaOctets":"5"}"#,
        #"{"address":"a@b.example","pasword":"x"}"#, #"{"address":"a@b.example","password":7}"#,
        #"{"address":"a@b.example","displayName":["x"]}"#, "[]", "null", "7", #""a@b.example""#, "true",
    ])
    func aRowOfTheWrongShapeSpoilsNoOther(_ row: String) throws {
        let given = try Contract.createAccounts.parameters(
            #"{"accounts":[{"address":"x@b.example","quotaOctets":9223372036854775807},\#(row),{"address":"y@b.example"}]}"#
        )
        #expect(given.accounts.map { $0.problem == nil } == [true, false, true])
        #expect(given.accounts[0].quotaOctets == .max)
        #expect(given.accounts[1].address == (row.hasPrefix("{\"address\":\"a@") ? "a@b.example" : ""))
        #expect(given.accounts[1].password == nil)
    }

    @Test(arguments: [
        (#"{"accounts":[],"onExisting":"replace"}"#, "onExisting"),
        (#"{"accounts":{}}"#, "accounts"),
        (#"{"account":[]}"#, "account"),
    ])
    func whatIsWrongBesideTheRowsIsNamed(_ params: String, _ parameter: String) throws {
        #expect(try Contract.createAccounts.violation(params)?.parameter == parameter)
    }

    @Test(arguments: [
        (#""oldServer":{"host":"192.0.2.1"},"lang":"zh-CN""#, "lang")
    ])
    func whatIsNotBuiltYetIsRefusedAndSaysSo(_ members: String, _ parameter: String) throws {
        let violation = try Contract.enableMigration.violation(#"{"domain":"b.example",\#(members)}"#)
        #expect(violation?.parameter == parameter)
        #expect(violation?.detail.contains("not built yet") == true)
    }

    @Test func whatIsNotBuiltYetMayBeGivenItsDefault() throws {
        let given = try Contract.enableMigration.parameters(
            #"""
            {"domain":"b.example","oldServer":{"host":"192.0.2.1","protocol":"pop3","pop3":null,"master":null},
             "options":{"flags":"keep","folders":null},"lang":"en"}
            """#)
        #expect(given.oldServer.oldServer == OldServer(host: "192.0.2.1"))
        _ = try Contract.listLog.parameters(#"{"domain":"b.example","lang":"en"}"#)
        #expect(try Contract.listLog.violation(#"{"domain":"b.example","lang":"zh-CN"}"#)?.parameter == "lang")
    }

    @Test func whatExcludesOrNeedsEachOtherIsChecked() throws {
        #expect(try Contract.watchStatus.violation("{}")?.parameter == "account")
        #expect(
            try Contract.watchStatus.violation(#"{"account":"a@b.example","domain":"b.example"}"#)?.parameter
                == "domain")
        #expect(try Contract.listEvents.violation("{}")?.parameter == "account")
        #expect(try Contract.setPassword.violation(#"{"account":"a@b.example"}"#)?.parameter == "password")
        #expect(
            try Contract.setPassword.violation(
                #"{"account":"a@b.example","password":"x","passwordHash":"{CRYPT}x"}"#)?.parameter == "passwordHash")
        #expect(try Contract.verifyOldServer.violation("{}")?.parameter == "oldServer")
        #expect(
            try Contract.verifyOldServer.violation(#"{"domain":"b.example","password":"x"}"#)?.parameter == "account")
        #expect(
            try Contract.verifyOldServer.violation(
                #"{"oldServer":{"host":"a","certificate":{"verify":"fingerprint"}}}"#)?.parameter
                == "oldServer.certificate.sha256")
    }

    @Test func aLoginIsNeverTriggeredByThePortal() throws {
        #expect(
            try Contract.authenticate.violation(#"{"account":"a@b.example","password":"x","via":"portal"}"#)?.parameter
                == "via")
        #expect(
            try Contract.triggerMigration.violation(#"{"account":"a@b.example","password":"x","via":"portal"}"#) == nil)
    }

    @Test func anEmptyRemoteAddressIsNone() throws {
        let login = #"{"account":"a@b.example","password":"x","remoteAddress":""}"#
        #expect(try Contract.authenticate.parameters(login).remoteAddress == nil)
        #expect(try Contract.triggerMigration.parameters(login).remoteAddress == nil)
        #expect(
            try Contract.authenticate.parameters(
                #"{"account":"a@b.example","password":"x","remoteAddress":"2001:db8::1"}"#
            ).remoteAddress
                == "2001:db8::1")
    }

    /// What a gateway says in place of an address keeps none of its users out.
    @Test(arguments: ["unknown", "not an address", #"\u0000"#, "地址", "10.0.0.1, 192.0.2.7"])
    func whatIsNoAddressIsTakenAllTheSame(_ text: String) throws {
        let login = #"{"account":"a@b.example","password":"x","remoteAddress":"\#(text)"}"#
        #expect(try Contract.authenticate.violation(login) == nil)
        #expect(try Contract.triggerMigration.violation(login) == nil)
    }

    @Test func anOddPasswordIsAWrongOneAndNotAWrongCall() throws {
        for text in ["", #"a\u0000b"#, String(repeating: "x", count: 600), #"é\"\\"#] {
            #expect(try Contract.authenticate.violation(#"{"account":"a@b.example","password":"\#(text)"}"#) == nil)
        }
        let given = try Contract.authenticate.parameters(#"{"account":"a@b.example","password":"p\u00e4\"ss"}"#)
        #expect(given.password == Password("pä\"ss"))
        #expect(
            try Contract.authenticate.violation(#"{"account":"a@b.example","password":7}"#)?.parameter == "password")
    }

    @Test func aPasswordIsNotPrinted() throws {
        let given = try Contract.authenticate.parameters(#"{"account":"a@b.example","password":"s3cret-Word"}"#)
        var dumped = ""
        dump(given, to: &dumped)
        #expect(!dumped.contains("s3cret"))
        #expect(!"\(given)".contains("s3cret"))
        #expect(try text(given).contains("s3cret-Word"))  // the wire, in a client, must carry it
    }

    @Test func pagesAreBounded() throws {
        #expect(try Contract.listLog.violation(#"{"domain":"b.example","limit":0}"#)?.parameter == "limit")
        #expect(try Contract.listLog.violation(#"{"domain":"b.example","limit":1001}"#)?.parameter == "limit")
        #expect(try Contract.listLog.violation(#"{"domain":"b.example","limit":1000}"#) == nil)
        #expect(try Contract.listLog.violation(#"{"domain":"b.example","status":["done"]}"#)?.parameter == "status[0]")
    }
}
