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

    /// As keyboards, file systems and exports have them: composed or not, in capitals or not.
    @Test(arguments: [
        ("jos\u{e9}", ["jose\u{301}", "JOS\u{c9}", "JOSE\u{301}"]),
        ("ti\u{1ebf}ng", ["tie\u{302}\u{301}ng", "ti\u{ea}\u{301}ng", "TI\u{1ebe}NG", "TIE\u{302}\u{301}NG"]),
        ("\u{d55c}\u{ae00}", ["\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}", "\u{d558}\u{11ab}\u{ae00}"]),
        ("\u{e5}", ["\u{212b}", "A\u{30a}", "\u{c5}"]),  // the sign of Ångström
        ("k", ["\u{212a}"]),  // the sign of Kelvin
        ("i\u{307}", ["\u{130}", "I\u{307}"]),
        ("\u{1ecb}\u{307}", ["\u{130}\u{323}", "I\u{323}\u{307}"]),
        ("\u{1e69}", ["s\u{323}\u{307}", "s\u{307}\u{323}", "\u{1e61}\u{323}"]),
        ("straße", ["STRAẞE"]),
        ("\u{3b3}\u{3b9}\u{3ce}\u{3c1}\u{3b3}\u{3bf}\u{3c2}", ["\u{393}\u{399}\u{38f}\u{3a1}\u{393}\u{39f}\u{3a3}"]),
        ("\u{3c3}\u{3bf}\u{3c6}\u{3cc}\u{3c2}-1", ["\u{3a3}\u{39f}\u{3a6}\u{38c}\u{3a3}-1"]),
    ])
    func theSameLettersAreTheSameAccountInWhateverForm(key: String, forms: [String]) throws {
        let address = try EmailAddress("\(key)@example.com")
        #expect(Array(address.localPart.utf8) == Array(key.utf8))
        for form in forms {
            let other = try EmailAddress("\(form)@example.com")
            #expect(other == address)
            #expect(other.hashValue == address.hashValue)
            #expect(Array(other.description.utf8) == Array(address.description.utf8))
            // The old server may tell them apart.
            #expect(Array(other.asGiven.utf8) == Array("\(form)@example.com".utf8))
            // What a key is read back as.
            #expect(Array(try EmailAddress(other.description).description.utf8) == Array(other.description.utf8))
        }
    }

    @Test func aLocalPartIsAsLongAsItsComposedForm() throws {
        let syllable = "\u{1112}\u{1161}\u{11ab}"  // 9 octets, composed 3
        #expect(try EmailAddress(String(repeating: syllable, count: 21) + "@example.com").localPart.utf8.count == 63)
        #expect(throws: InvalidAddress.self) {
            try EmailAddress(String(repeating: syllable, count: 22) + "@example.com")
        }
    }

    @Test func whatLooksLikeAnotherLetterIsAnother() throws {
        #expect(try EmailAddress("\u{ff41}nn@example.com") != EmailAddress("ann@example.com"))  // full width
        #expect(try EmailAddress("\u{fb01}n@example.com") != EmailAddress("fin@example.com"))  // a ligature
        #expect(try EmailAddress("strasse@example.com") != EmailAddress("straße@example.com"))
    }

    @Test func aDomainGivenInSignsIsAskedForInItsAForm() throws {
        let address = try EmailAddress("ann@\u{212a}elvin.example")
        #expect(address.domain.name == "kelvin.example")
        #expect(Array(address.asGiven.utf8) == Array("ann@kelvin.example".utf8))
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

    @Test func aClientsAddressIsFoundInWhatLogsAndHeadersMakeOfIt() {
        for (text, address) in [
            ("192.0.2.1:143", "192.0.2.1"), ("[::ffff:192.0.2.1]:143", "192.0.2.1"), ("[2001:db8::1]", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"), ("2001:db8::1", "2001:db8::1"),
        ] {
            #expect(ClientAddress(written: text)?.description == address)
        }
        for text in ["", "mail.example", "[", "[]", ":", "%", "192.0.2.1:143:25", "unix:/run/x"] {
            #expect(ClientAddress(written: text) == nil)
        }
    }
}
