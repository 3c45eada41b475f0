// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Secrets

@Suite struct PasswordHashTests {
    /// Made by crypt(3) for "hello".
    private static let known = [
        "{CRYPT}$y$j9T$V7qMYJaNbVKOeh4PhtqPk3bQnFLRqR5Std5Al6nAo..$h32.GIm2U6N8.zoWObQ.Vxc.ObX3agTf0VDkMRxwrL7",
        "{CRYPT}$y$j75$V7qMYJaNbVKOeh4PhtqPk3bQnFLRqR5Std5Al6nAo..$B7qx6P1q0IUiZwHK0TWPe7rGuvR5WQPNbG.Rk4PvFl3",
        "{CRYPT}$y$j85$V7qMYJaNbVKOeh4PhtqPk3bQnFLRqR5Std5Al6nAo..$A8W.FqKV54DiaAhH2tfHX.sMJZOOR41GK98HsDibVPA",
        "{crypt}$6$V7qMYJaNbVKOeh4P$FYU8Bl65SUtm/qkZc83UR9rOfjlMMI5PaZ6Ez9JJFokTsu2TCFfgbM78vDmBj4WXceILJC6T7o68C4"
            + "QDFlDiU1",
        "{SHA512-CRYPT}$6$rounds=1000$V7qMYJaNbVKOeh4P$530Lt/p1CaoIWGZEQh/C.BA/Ox9.x1SvxFuj7UuQ0qKHmi84TQq2zI25doTe"
            + "uvJKgHmQoJKY9/AlsKQrp7U6R0",
        "{sha256-Crypt}$5$V7qMYJaNbVKOeh4P$cSKsNRKY2XZ5F7C.iqp650mL4KKWLqxdJFl1SnSE6D8",
        "{BLF-CRYPT}$2b$05$WUHhXETkX0fnYkrqZU3ta.UBjhnjaAfcXa1KFPqKLtvrcE2FtK7.u",
        "$2y$05$WUHhXETkX0fnYkrqZU3ta.UBjhnjaAfcXa1KFPqKLtvrcE2FtK7.u",
        "{MD5-CRYPT}$1$V7qMYJaN$B4dW5rgFLGjvwuOAvMJHb0",
        "$1$$/PWPe740uvaQxKzRH.Zxj1",
    ]

    @Test(arguments: known)
    func whatDovecotReadsIsRead(text: String) throws {
        let hash = try PasswordHash(text)
        #expect(try hash.matches(Password("hello")))
        #expect(try !hash.matches(Password("hallo")))
        #expect(try !hash.matches(Password("")))
        #expect(try PasswordHash(hash.stored) == hash)
        #expect(hash.stored.hasPrefix("{"))
        #expect(!"\(hash)".contains("$"))
    }

    @Test(arguments: [
        "", "{", "{}", "{CRYPT}", "hello", "$", "$$$", "{CRYPT", "*0", "*1", "!", "x",
        "{PLAIN}hello", "{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=", "{SSHA}abc", "{ROT13}uryyb",
        "{ARGON2ID}$argon2id$v=19$a$b",
        "{SHA512-CRYPT.b64}JDYk", "{PBKDF2}$1$a$b$c", "{CLEARTEXT}x", "{LANMAN}x", "{OTP}x", "{SCRAM-SHA-1}x",
        // Traditional DES and BSDi: too weak.
        "ab01FAX.bQRSU", "{CRYPT}rl0uE8JOc0LzQ", "{DES-CRYPT}ab01FAX.bQRSU", "_J9..rasmBYk8r9AiWNc",
        // Under the wrong name.
        "{BLF-CRYPT}$1$V7qMYJaN$B4dW5rgFLGjvwuOAvMJHb0",
        "{MD5-CRYPT}$2b$05$WUHhXETkX0fnYkrqZU3ta.UBjhnjaAfcXa1KFPqKLtvrcE2FtK7.u",
        // Work without end.
        "$2b$31$WUHhXETkX0fnYkrqZU3ta.UBjhnjaAfcXa1KFPqKLtvrcE2FtK7.u",
        "$5$rounds=999999999$V7qMYJaNbVKOeh4P$cSKsNRKY2XZ5F7C.iqp650mL4KKWLqxdJFl1SnSE6D8",
        "$y$jFT$V7qMYJaNbVKOeh4PhtqPk3bQnFLRqR5Std5Al6nAo..$YNRXzyOcFQ2EwCeAUnUAqMZuCpOTgPeDnh5fH1P4LHC",
        // Bits that no digest has.
        "$2b$05$WUHhXETkX0fnYkrqZU3tazUBjhnjaAfcXa1KFPqKLtvrcE2FtK7.u",
        "$2b$05$WUHhXETkX0fnYkrqZU3ta.UBjhnjaAfcXa1KFPqKLtvrcE2FtK7.v",
        "$5$V7qMYJaNbVKOeh4P$cSKsNRKY2XZ5F7C.iqp650mL4KKWLqxdJFl1SnSE6Dz",
        "$1$V7qMYJaN$B4dW5rgFLGjvwuOAvMJHbz",
        "$5$rounds=999$V7qMYJaNbVKOeh4P$cSKsNRKY2XZ5F7C.iqp650mL4KKWLqxdJFl1SnSE6D8",
        "$5$rounds=05000$V7qMYJaNbVKOeh4P$cSKsNRKY2XZ5F7C.iqp650mL4KKWLqxdJFl1SnSE6D8",
        "$1$V7qMYJaNx$B4dW5rgFLGjvwuOAvMJHb0", "$1$V7:MYJaN$B4dW5rgFLGjvwuOAvMJHb0",
        "$1$V7qMYJaN$B4dW5rgFLGjvwuOAvMJHb0\0",
        "$1$V7qMYJaN$B4dW5rgFLGjvwuOAvMJHb0\n",
    ])
    func whatNoPasswordMatchesOrIsTooWeakIsRefused(text: String) {
        let error = #expect(throws: SecretsError.self) { try PasswordHash(text) }
        #expect(error?.code == .unsupportedHash)
    }

    /// Every hash cut short, or with a character too many, is one that crypt(3) does not give.
    @Test(arguments: known)
    func aDamagedHashIsRefused(text: String) {
        for count in 0..<text.count {
            #expect(throws: SecretsError.self) { try PasswordHash(String(text.prefix(count))) }
        }
        #expect(throws: SecretsError.self) { try PasswordHash(text + ".") }
        #expect(throws: SecretsError.self) { try PasswordHash(text + "$") }
    }

    /// A salt is taken exactly when libxcrypt computes with it.
    @Test func yescryptSaltsAreReadAsLibxcryptReadsThem() {
        let digest = String(repeating: ".", count: 43)
        for salt in [
            "", "a", "a.", "a1", "a2", "ab", "ab.", "ab/", "abB", "abC", "abD", "abE", "abcd", "abcde", "abcd..",
            "a:cd",
        ] {
            let computes = (try? Crypt.withHash(of: Password("x"), setting: "$y$j75$\(salt)$") { _ in true }) ?? false
            let isTaken = (try? PasswordHash("$y$j75$\(salt)$\(digest)")) != nil
            #expect(isTaken == computes, "salt \(salt)")
        }
    }

    @Test(arguments: PasswordScheme.allCases)
    func aNewHashMatchesItsPasswordAlone(scheme: PasswordScheme) throws {
        let hash = try scheme.make(Password("correct horse"))
        #expect(try hash.matches(Password("correct horse")))
        #expect(try !hash.matches(Password("correct horsf")))
        #expect(try PasswordHash(hash.stored) == hash)
        #expect(try scheme.make(Password("correct horse")) != hash)
        let prefix = [
            PasswordScheme.yescrypt: "{CRYPT}$y$j9T$", .sha512: "{SHA512-CRYPT}$6$", .bcrypt: "{BLF-CRYPT}$2y$",
        ]
        #expect(hash.stored.hasPrefix(prefix[scheme] ?? "-"))
    }

    @Test(arguments: PasswordScheme.allCases)
    func aPasswordThatCryptWouldCutIsNotHashed(scheme: PasswordScheme) throws {
        for text in ["", String(repeating: "x", count: 512), "a\0b"] {
            let error = #expect(throws: SecretsError.self) { try scheme.make(Password(text)) }
            #expect(error?.code == .unacceptablePassword)
        }
        let long = String(repeating: "x", count: 511)
        let hash = try scheme.make(Password(long))
        #expect(try hash.matches(Password(long)))
        #expect(try !hash.matches(Password(String(long.dropLast()))))
    }

    @Test func bcryptIsNotUsedAbove72Octets() throws {
        let most = String(repeating: "x", count: 72)
        let hash = try PasswordScheme.bcrypt.make(Password(most))
        #expect(hash.stored.hasPrefix("{BLF-CRYPT}"))
        #expect(try hash.matches(Password(most)))
        #expect(try !hash.matches(Password(most + "y")))
        #expect(try PasswordScheme.bcrypt.make(Password(most + "y")).stored.hasPrefix("{CRYPT}$y$"))
    }

    /// The decoy goes the way of a wrong password, with the parameters of a real hash.
    @Test(arguments: PasswordScheme.allCases)
    func aDecoyAsksForTheWorkOfARealHash(scheme: PasswordScheme) throws {
        let decoy = try scheme.makeDecoy()
        let real = try scheme.make(Password("x"))
        #expect(try PasswordHash(decoy.stored) == decoy)
        #expect(try !decoy.matches(Password("x")))
        let parameters = { (hash: PasswordHash) in
            hash.stored.split(separator: "$").prefix(3).map { $0.count > 16 ? "" : $0 }
        }
        #expect(parameters(decoy) == parameters(real))
        #expect(decoy.stored.count == real.stored.count)
    }
}
