// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@Suite struct AddressTests {
    @Test func caseMakesNoOtherAccount() throws {
        let one = try EmailAddress("Ann.Lee@Example.COM")
        #expect(one == (try EmailAddress("ann.lee@example.com")))
        #expect(one.description == "ann.lee@example.com")
        #expect(one.asGiven == "Ann.Lee@Example.COM")
    }

    @Test(arguments: ["ann@bücher.example", "ann@BÜCHER.example", "ann@xn--bcher-kva.example"])
    func aDomainIsKeptInItsAForm(text: String) throws {
        let address = try EmailAddress(text)
        #expect(address.domain.name == "xn--bcher-kva.example")
        #expect(address.asGiven == "ann@xn--bcher-kva.example")
    }

    @Test(arguments: [
        "", "ann", "@example.com", "ann@", "a b@example.com", "../x@example.com", "a/b@example.com", ".a@example.com",
        "..@example.com", "a\u{0}b@example.com", "a\n@example.com", "a\u{7f}@example.com", "a\u{202e}b@example.com",
        "ann@exa mple.com", "ann@-example.com", "ann@exam_ple.com", "ann@example..com", "ann@exa/mple.com",
        ".\u{301}ann@example.com", "a/\u{301}b@example.com", "ann@\u{301}example.com",
    ])
    func whatCouldLeaveItsFolderOrIsNoAddressIsRefused(text: String) {
        #expect(throws: InvalidAddress.self) { try EmailAddress(text) }
    }

    @Test func aLocalPartHasAtMost64Octets() throws {
        #expect(throws: Never.self) { try EmailAddress(String(repeating: "a", count: 64) + "@example.com") }
        #expect(throws: InvalidAddress.self) { try EmailAddress(String(repeating: "a", count: 65) + "@example.com") }
        #expect(throws: InvalidAddress.self) { try EmailAddress(String(repeating: "ü", count: 33) + "@example.com") }
    }

    @Test func theOldServerIsAskedWithTheSpellingGiven() throws {
        let account = try EmailAddress("Ann@Example.com")
        var server = OldServer(host: "192.0.2.1")
        #expect(server.username(of: account) == "Ann@Example.com")
        server.domain = "old.example"
        #expect(server.username(of: account) == "Ann@old.example")
        server.usernameIncludesDomain = false
        #expect(server.username(of: account) == "Ann")
    }

    @Test func anOldServerHasThePortOfItsSecurity() {
        #expect(OldServer(host: "h").port == 110)
        #expect(OldServer(host: "h", security: .starttls).port == 110)
        #expect(OldServer(host: "h", security: .tls).port == 995)
        #expect(OldServer(host: "h", security: .tls).certificate.verify == .full)
        #expect(OldServer(host: "h", security: .starttls).certificate.verify == .full)
        #expect(OldServer(host: "h").certificate.verify == .none)
    }

    @Test func aClientIsKnownByItsNetwork() throws {
        #expect(ClientAddress("::ffff:192.0.2.1")?.description == "192.0.2.1")
        #expect(ClientAddress("192.0.2.1")?.network.description == "192.0.2.1")
        #expect(ClientAddress("2001:DB8:0:1::5")?.network == ClientAddress("2001:db8:0:1:ffff::")?.network)
        #expect(ClientAddress("2001:db8:0:1::5")?.network != ClientAddress("2001:db8:0:2::5")?.network)
        for text in ["", "mail.example", "192.0.2.256", "192.0.2.1:143", "[::1]", "::1%eth0"] {
            #expect(ClientAddress(text) == nil)
        }
    }
}
