// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Vocabulary

@Suite struct OldServerTests {
    @Test func eachProtocolHasItsPorts() {
        let ports = MailProtocol.allCases.map { mailProtocol in
            [TransportSecurity.opportunistic, .tls].map {
                OldServer(mailProtocol, host: "192.0.2.1", security: $0).port
            }
        }
        #expect(ports == [[110, 995], [143, 993]])
    }

    /// Settings are recorded, and an earlier version knew fewer.
    @Test func whatAnEarlierVersionHasRecordedIsRead() throws {
        let server = Data(
            """
            {"host":"192.0.2.1","port":110,"security":"none","certificate":{"verify":"none"},
            "usernameIncludesDomain":true,"secureAuthentication":false}
            """.utf8)
        #expect(
            try JSONDecoder().decode(OldServer.self, from: server) == OldServer(host: "192.0.2.1", security: .none))
        let options = Data(
            """
            {"preserveUIDL":false,"markSeen":"all","order":"newestFirst","deleteAfterMove":true,"folder":"Old"}
            """.utf8)
        var expected = MoveOptions()
        (expected.preserveUIDL, expected.markSeen, expected.order) = (false, .all, .newestFirst)
        (expected.deleteAfterMove, expected.folder) = (true, "Old")
        #expect(try JSONDecoder().decode(MoveOptions.self, from: options) == expected)
    }

    @Test func settingsOutliveBeingRecorded() throws {
        var server = OldServer(.imap, host: "old.example.com", security: .starttls, domain: "old.example")
        server.pop3 = OldServer.POP3Service(host: "pop.example.com", security: .tls)
        server.master = OldServer.Master(user: "boss", form: .behind)
        #expect(try JSONDecoder().decode(OldServer.self, from: JSONEncoder().encode(server)) == server)
        var options = MoveOptions()
        options.folders.map = ["Work": "Job"]
        options.flags = .none
        #expect(try JSONDecoder().decode(MoveOptions.self, from: JSONEncoder().encode(options)) == options)
    }

    @Test func aMasterUserSaysWhoseMailboxIsMeant() {
        let names = OldServer.Master.Form.allCases.map {
            OldServer.Master(user: "boss", form: $0).username(for: "ann@example.com")
        }
        #expect(names == ["ann@example.com*boss", #"boss\ann@example.com"#, "boss"])
        #expect(OldServer.Master.Form.allCases.map(\.rawValue) == ["user*master", #"master\user"#, "authzid"])
    }

    @Test func thePOP3ServiceKnowsUsersByTheSameNames() throws {
        var server = OldServer(.imap, host: "192.0.2.1", usernameIncludesDomain: false, secureAuthentication: true)
        #expect(server.pop3Server == nil)
        server.pop3 = OldServer.POP3Service(host: "192.0.2.2", port: 1110)
        let pop3 = try #require(server.pop3Server)
        #expect(pop3.mailProtocol == .pop3 && pop3.subject == "192.0.2.2:1110")
        #expect(!pop3.usernameIncludesDomain && pop3.secureAuthentication)
    }
}
