// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Testing
import Vocabulary

/// What a change of settings looks like on the wire.
@Suite struct UpdateTests {
    private func update() throws -> UpdateMigration { UpdateMigration(domain: try DomainName("example.com")) }

    @Test func onlyWhatIsNamedIsSent() throws {
        var update = try update()
        #expect(try text(update) == #"{"domain":"example.com"}"#)
        update.set(.order, to: .newestFirst)
        update.reset(.maxConnections)
        update.set(.usernameIncludesDomain, to: false)
        update.set(.excludedAccounts, to: [try EmailAddress("Robot@example.com")])
        update.reset(.knownAccounts)
        update.set(.followUp, to: .init(hours: 5))
        update.set(.certificate, to: .init(verify: .full))
        update.extendDays = 7
        update.dryRun = true
        #expect(
            try text(update) == """
                {"domain":"example.com","options":{"order":"newestFirst","maxConnections":null,\
                "followUp":{"hours":5,"everyMinutes":null}},\
                "oldServer":{"usernameIncludesDomain":false,"certificate":{"verify":"full","sha256":null}},\
                "excludedAccounts":["Robot@example.com"],"knownAccounts":null,"extendDays":7,"dryRun":true}
                """)
        let read = try Contract.updateMigration.parameters(text(update))
        #expect(try text(read) == text(update) && read.extendDays == 7 && read.dryRun == true)
    }

    @Test(arguments: [
        (#"{"domain":"b.example","oldServer":null}"#, nil), (#"{"domain":"b.example","oldServer":{"port":null}}"#, nil),
        (#"{"domain":"b.example","options":{"followUp":{"everyMinutes":5}},"lang":"en"}"#, nil),
        (#"{"domain":"b.example","oldServer":{"port":0}}"#, "oldServer.port"),
        (#"{"domain":"b.example","oldServer":{"prot":110}}"#, "oldServer.prot"),
        (#"{"domain":"b.example","options":{"folders":{"map":{"Work":null,"Old":"New"}}}}"#, nil),
        (#"{"domain":"b.example","options":{"folders":{"map":{"Work":"/"}}}}"#, "options.folders.map.Work"),
        (#"{"domain":"b.example","oldServer":{"protocol":"nntp"}}"#, "oldServer.protocol"),
        (#"{"domain":"b.example","knownAccounts":["b"]}"#, "knownAccounts[0]"),
        (#"{"domain":"b.example","validDays":5,"extendDays":5}"#, "extendDays"),
        (#"{"domain":"b.example","extendDays":0}"#, "extendDays"), (#"{"oldServer":{}}"#, "domain"),
    ])
    func whatIsNamedIsChecked(_ given: String, _ parameter: String?) throws {
        #expect(try Contract.updateMigration.violation(given)?.parameter == parameter)
    }

    /// As enableMigration would be called again.
    @Test func settingsAreDescribedAsTheyWouldBeAskedFor() throws {
        for security in TransportSecurity.allCases {
            let server = OldServer(host: "192.0.2.1", security: security)
            let plain = OldServerParameters(server)
            #expect(plain.port == nil && plain.certificate == nil && plain.oldServer == server)
        }
        let server = OldServer(
            host: "old.example", port: 1110, security: .tls,
            certificate: CertificateCheck(verify: .fingerprint, sha256: String(repeating: "a", count: 64)),
            usernameIncludesDomain: false, domain: "old.example", secureAuthentication: true)
        #expect(OldServerParameters(server).oldServer == server)
        var options = MoveOptions()
        #expect(MoveOptionsParameters(options).options == options)
        options.followUp = MoveOptions.FollowUp(hours: 3, everyMinutes: 7)
        options.maxConnections = 4
        options.folder = "Old"
        #expect(MoveOptionsParameters(options).options == options)
    }

    @Test func aTypedSettingIsOneThatMayBeNamed() throws {
        var update = try update()
        update.set(.host, to: "192.0.2.1")
        update.set(.port, to: 110)
        update.set(.security, to: .none)
        update.set(.oldDomain, to: "b.example")
        update.set(.secureAuthentication, to: true)
        update.set(.validDays, to: 3)
        update.set(.autoCreateAccounts, to: true)
        update.set(.syncPasswords, to: false)
        update.set(.preserveUIDL, to: false)
        update.set(.markSeen, to: .all)
        update.set(.deleteAfterMove, to: true)
        update.set(.folder, to: "Old")
        #expect(try Contract.updateMigration.violation(text(update)) == nil)
        #expect(try Contract.updateMigration.parameters(text(update)).changes == update.changes)
    }
}
