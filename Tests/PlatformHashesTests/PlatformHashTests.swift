// SPDX-License-Identifier: Apache-2.0

import Foundation
import Secrets
import Testing

@testable import PlatformHashes

@Suite struct PlatformHashTests {
    private static let password = "Grüße-77"

    /// Each of that password, as the program beside it wrote it.
    private static let known: [String] = [
        // Dovecot 2.3.19: doveadm pw
        "{SSHA}digamiESDKI1rdQNzNCgCfykCZT8bXam",
        "{SSHA256}XoppmYsqAcV4ZG3SP8Cf54ygtpx/CIgE79xlbX16/7Xt7CC7",
        "{SSHA512}kOsZzGah9UFN/KW/bBJrwP/g/qsljTPoJyjvtv/k1cCVV2Ll64kD6/DQCtZBWTDlvLntryJa8V6wck8k4bjvMw0TgH8=",
        "{SMD5}GVCbsVojhBftuqcxcrx3Bomp7RY=",
        "{SHA}YbIgxMyKXpNDiOAwgfFO4o435gw=",
        "{SHA256}CdhA4QbHF96LsIf2RO2ozMG4BaofewsqorFTvYLz5Jw=",
        "{SHA512}+kyM+C4pkcPKWtzJhfReToQluWiPcx0GAEDV/O4n9mI5kc0wzpRNLZaJROYnLtiY4rel2ZBLN5OKEljOx9OE5Q==",
        "{LDAP-MD5}bZET7r83vgpO1SiI1hhlLQ==",
        "{PLAIN-MD5}6d9113eebf37be0a4ed52888d618652d",
        "{PBKDF2}$1$6YFrDLa3QNNS401A$5000$18d5c97db621eb9a1525d883ecdf7f63fa69b7e0",
        "{ARGON2I}$argon2i$v=19$m=32768,t=4,p=1$h3YooNGTLAYZ6K0jQHClxg$0iHKjtZj/aaS8E3JEdYIrSVRmbfAuugJ/NXB5TwFpvQ",
        "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$qvmM5kvWMdWaLAZvufzvUw$3KsG6CiNNFRLo2BGcRWH9JyYRDNOEOmZq44Nu7OOgRw",
        "{BLF-CRYPT}$2y$05$jkDVidDBEzUx81xEjs74nOhsi7VGA1G/cN9WAh8vu1SPyDcuodrCi",
        "{SHA512-CRYPT}$6$XXuo8sseNk3Q76Oc$822i7f6OzyfAsUlvmUl5i8O0oRi3lxFVBN1mX4Z9mV.wXZotNMi7WEU4c1mMaKoAvjDm5D.3M2MmGY7Oknmvr/",
        "{SHA256-CRYPT}$5$1HIbAbIoKaiCvuw2$Zjaw2PfxK1F2/PJ8S0hUZ0.OKUQRMzSmMDBWNeQF.Y5",
        "{MD5-CRYPT}$1$lptcWuFA$oOj4qrGRAlQhjIRJ3Rjuj1",
        "{MD5}$1$GUSVxPiU$LFUAFds89qorfbsB3JFgX1",
        "{SSHA.HEX}f31812800f53b3146b94ec9db9bf0def1f6054b5f11c7416",
        "{SSHA512.B64}aBZFz7fEnlwP/vSMBH+7FUkHlTv4VPA/tPfbE5ADMZHQbfY2etyRWCv5BR0zaWW3uzpYBwVZvlSU8F87mOjzLHAqBIU=",
        "{CRYPT}$2y$05$A0e/oF8TWJuayNMr6od/deZcdVX9eY8Nph2t2ckiXrHdBDlsN4sGi",
        "{PLAIN}Grüße-77", "{CLEARTEXT}Grüße-77",
        // passlib 1.7.4
        "$pbkdf2$1000$yFnLGUMIYcy519obo7QWQg$w5leeTeqHnOVqcj/4/wuxaxKPoM",
        "$pbkdf2-sha256$1000$0xrD.B.jFIIQ4pwTAmBsjQ$L3G197ysItO5Kwy7BG4PNqA68velnnYxeW0uP8suKq0",
        "$pbkdf2-sha512$1000$xBjjHCMEgBCiNOY8B8C4lw$EObR009Qdrx3.yh3.aLj3DDIa8melLPARY6RzYteBFSC.0itCl.pG05EcuBp3hrYmOpg7arFVufh.5mw/Xb38g",
        "$bcrypt-sha256$v=2,t=2b,r=5$yms2atYec4TN.47Qi1hsFe$LIzRhVqhD7kBC6KInK.rCq9QXV3Bq9O",
        "$bcrypt-sha256$2b,5$M9fxdKRpw0PpGlrqvmXqf.$O3GZiMX4O0od0DrZyBk96jh4h9pP8hu",
        "$argon2id$v=19$m=1024,t=1,p=1$WUsJIURIqbX2HqPUem/NGQ$2pfkSqrH9ppUuXUDVh2b7j+nn3jvcaPoCLzAr3kr9zY",
        "$argon2i$v=19$m=1024,t=1,p=2$cu4d45xzrtV6jzGm1FpL6Q$X2pF+b2noXdlGDucBT23Erw0ID14f2thgMu7JE5Jx4k",
        "{SSHA}4YBUEm36Cxr2NRurBFAOwZ/hsq7OmVNK", "{MD5}bZET7r83vgpO1SiI1hhlLQ==", "{SMD5}YqSZsbKEi0UPGB5q0kuJ01pL6d0=",
        "{PBKDF2-SHA256}1000$CKH0fg9BaI2RsnYu5TxnLA$WJuMKy4W4x6.sodO0mQ5b95YcUFBAgLu0VrkNQC8FOw",
        "{CRYPT}$argon2id$v=19$m=1024,t=1,p=1$WUsJIURIqbX2HqPUem/NGQ$2pfkSqrH9ppUuXUDVh2b7j+nn3jvcaPoCLzAr3kr9zY",
        "{ARGON2}$argon2id$v=19$m=1024,t=1,p=1$WUsJIURIqbX2HqPUem/NGQ$2pfkSqrH9ppUuXUDVh2b7j+nn3jvcaPoCLzAr3kr9zY",
        "{ssha}digamiESDKI1rdQNzNCgCfykCZT8bXam",
        // bare crypt(3)
        "$6$XXuo8sseNk3Q76Oc$822i7f6OzyfAsUlvmUl5i8O0oRi3lxFVBN1mX4Z9mV.wXZotNMi7WEU4c1mMaKoAvjDm5D.3M2MmGY7Oknmvr/",
        "$2y$05$jkDVidDBEzUx81xEjs74nOhsi7VGA1G/cN9WAh8vu1SPyDcuodrCi",
    ]

    @Test(arguments: known) func whatOtherProgramsWroteIsVerified(_ text: String) throws {
        let hash = try PlatformHash(text)
        #expect(try hash.matches(Password(Self.password)))
        for wrong in ["Grüße-78", "grüße-77", "Grüße-7", "Grüße-777", text] {
            #expect(try !hash.matches(Password(wrong)), "\(wrong)")
        }
        #expect(try !hash.matches(Password("")))
        #expect("\(hash)" == "(password hash)" && !hash.kind.isEmpty)
    }

    @Test(arguments: [
        "", "{}", "{SSHA", "{SSHA}", "{NONE}x", "plain text", "{SSHA}digamiESDKI1rdQNzNCgCfykCZQ=",
        "{SSHA}not base64!", "{SHA}digamiESDKI1rdQNzNCgCfykCZT8bXam", "{SSHA.HEX}f3181", "{SSHA.XX}f318",
        "{PLAIN}", "{CRAM-MD5}0123", "{PBKDF2}$1$salt$0$18d5c97db621eb9a1525d883ecdf7f63fa69b7e0",
        "{PBKDF2}$1$salt$999999999$18d5c97db621eb9a1525d883ecdf7f63fa69b7e0", "{PBKDF2}$2$salt$1000$18d5",
        "$pbkdf2-sha256$01000$0xrD.B.jFIIQ4pwTAmBsjQ$L3G197ysItO5Kwy7BG4PNqA68velnnYxeW0uP8suKq0",
        "$pbkdf2-md4$1000$0xrD$L3G1",
        "$argon2id$v=19$m=99999999,t=3,p=1$qvmM5kvWMdWaLAZvufzvUw$3KsG6CiNNFRLo2BGcRWH9JyYRDNOEOmZq44Nu7OOgRw",
        "$argon2id$v=19$m=1024,t=9999,p=1$qvmM5kvWMdWaLAZvufzvUw$3KsG6CiNNFRLo2BGcRWH9JyYRDNOEOmZq44Nu7OOgRw",
        "$argon2d$v=19$m=1024,t=1,p=1$qvmM5kvWMdWaLAZvufzvUw$3KsG6CiNNFRLo2BGcRWH9JyYRDNOEOmZq44Nu7OOgRw",
        "$bcrypt-sha256$v=3,t=2b,r=5$yms2atYec4TN.47Qi1hsFe$LIzRhVqhD7kBC6KInK.rCq9QXV3Bq9O",
        "$bcrypt-sha256$v=2,t=2b,r=31$yms2atYec4TN.47Qi1hsFe$LIzRhVqhD7kBC6KInK.rCq9QXV3Bq9O",
        "$9$x$y", "rl0uE0tYBkq3g", "{CRYPT}rl0uE0tYBkq3g",
    ])
    func whatCannotBeVerifiedIsRefused(_ text: String) {
        let error = #expect(throws: SecretsError.self) { try PlatformHash(text) }
        #expect(error?.code == .unsupportedHash)
        // A hash is no secret to be told.
        #expect(text.isEmpty || error?.detail.contains(text) == false)
    }

    @Test func textOfAnySortIsReadOrRefused() {
        var generator = SystemRandomNumberGenerator()
        for text in Self.known {
            for _ in 0..<200 {
                var octets = Array(text.utf8)
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    octets[Int.random(in: octets.indices, using: &generator)] = .random(
                        in: 0x20...0x7E, using: &generator)
                }
                _ = try? PlatformHash(String(decoding: octets, as: UTF8.self))
            }
        }
    }

    @Test(arguments: HashStyle.allCases) func whatIsWrittenIsVerified(_ style: HashStyle) throws {
        let long = String(repeating: "long enough ", count: 8)
        for password in [Self.password, long] {
            let text = try style.make(Password(password))
            guard style != .plain else {
                #expect(text == password)
                continue
            }
            let isOther = password == long && (style == .bcrypt || style == .bareBcrypt)
            #expect(isOther || text.hasPrefix(style.rawValue), "\(text)")
            #expect(try PlatformHash(text).matches(Password(password)))
            #expect(try !PlatformHash(text).matches(Password(password + "x")))
            #expect(try style.make(Password(password)) != text)
        }
        #expect(throws: SecretsError.self) { try style.make(Password("")) }
    }

    private static let doveadm = "/usr/bin/doveadm"

    /// A bare hash is read as the default scheme, which administrators set.
    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: doveadm)),
        arguments: [HashStyle.sha512, .bcrypt, .crypt, .saltedSHA512])
    func dovecotVerifiesWhatIsWritten(_ style: HashStyle) throws {
        for (password, status) in [(Self.password, 0), ("wrong", 1)] {
            let process = Process()
            process.executableURL = URL(filePath: Self.doveadm)
            process.arguments = ["pw", "-t", try style.make(Password(Self.password)), "-p", password]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect((process.terminationStatus == 0) == (status == 0), "\(style) \(password)")
        }
    }
}
