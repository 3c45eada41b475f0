// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Secrets

@Suite struct PasswordTests {
    @Test func itsOctetsComeBackAsTheyWent() {
        for count in [0, 1, 31, 32, 33, 511, 512, 513, 100_000] {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let password = octets.withUnsafeBytes { Password(octets: $0) }
            #expect(password.count == count)
            #expect(password.withOctets { Array($0) } == octets)
        }
    }

    @Test func nothingThatPrintsItShowsIt() {
        let password = Password("hunter2-hunter2")
        var dumped = ""
        dump(password, to: &dumped)
        for text in ["\(password)", String(reflecting: password), String(describing: [password]), dumped] {
            #expect(text.contains("(password)"))
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func equalityIsThatOfTheOctets() {
        #expect(Password("secret-1") == Password("secret-1"))
        #expect(Password("secret-1") != Password("secret-2"))
        #expect(Password("secret-1") != Password("secret-11"))
        #expect(Password("") == Password(""))
        // Normalization forms are different passwords: the old server sees octets.
        #expect(Password("\u{E9}") != Password("e\u{301}"))
    }

    @Test(arguments: [
        ("", false), ("a", true), ("with space and ü", true), ("a\0b", false), ("a\rb", false), ("a\nb", false),
        (String(repeating: "x", count: 511), true), (String(repeating: "x", count: 512), false),
    ])
    func onlyWhatPOP3AndCryptCanCarryIsAcceptable(text: String, isAcceptable: Bool) {
        #expect(Password(text).isAcceptable == isAcceptable)
    }

    @Test func randomOnesDiffer() {
        let passwords = (0..<100).map { _ in Password.random() }
        #expect(passwords.allSatisfy { $0.isAcceptable && $0.count == 24 })
        #expect(Set(passwords.map { $0.withOctets { Array($0) } }).count == 100)
    }

    /// One `sodium_malloc` each would exhaust the process's mappings.
    @Test func aHundredThousandFitAndAreAllGivenBack() {
        let arena = GuardedArena()
        let slots = (0..<100_000).map { arena.allocate(8 + $0 % 56) }
        #expect(Set(slots.map(\.pointer)).count == slots.count)
        #expect(arena.slabCount < 110)
        for slot in slots { arena.free(slot) }
        #expect(arena.slabCount <= 2)
    }

    @Test func aSlotIsUsedAgain() {
        let arena = GuardedArena()
        let first = arena.allocate(20)
        arena.free(first)
        #expect(arena.allocate(25).pointer == first.pointer)
    }
}

@Suite struct SealKeyTests {
    private let key = SealKey.random()

    @Test(arguments: [1, 63, 64, 65, 511])
    func aPasswordIsSealedAndOpened(count: Int) throws {
        let password = Password(String(repeating: "p", count: count))
        let sealed = key.seal(password, context: "ann@example.com")
        #expect(try key.open(sealed, context: "ann@example.com") == password)
        #expect(!sealed.contains(Array("ppppppp".utf8)) || count < 7)
    }

    @Test func theSameOneIsNeverSealedTheSameWay() {
        #expect(key.seal(Password("x"), context: "a") != key.seal(Password("x"), context: "a"))
    }

    @Test func itsLengthDoesNotShow() {
        let short = key.seal(Password("x"), context: "a")
        #expect(short.count == key.seal(Password(String(repeating: "x", count: 63)), context: "a").count)
    }

    @Test func whatIsSealedForOneAccountDoesNotOpenForAnother() {
        let sealed = key.seal(Password("secret"), context: "ann@example.com")
        expectCannotOpen(sealed, context: "bob@example.com", key: key)
    }

    @Test func anotherKeyDoesNotOpenIt() {
        expectCannotOpen(key.seal(Password("secret"), context: "a"), context: "a", key: .random())
    }

    @Test func aChangedOctetAnywhereIsNoticed() {
        let sealed = key.seal(Password("secret"), context: "a")
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            expectCannotOpen(changed, context: "a", key: key)
        }
        for count in 0..<sealed.count { expectCannotOpen(Array(sealed.prefix(count)), context: "a", key: key) }
    }

    private func expectCannotOpen(_ sealed: [UInt8], context: String, key: SealKey) {
        let error = #expect(throws: SecretsError.self) { try key.open(sealed, context: context) }
        #expect(error?.code == .cannotOpen)
    }

    @Test(arguments: [0, 16, 31, 33, 64])
    func aKeyThatHasNot32OctetsIsRefused(count: Int) {
        let octets = [UInt8](repeating: 7, count: count)
        let error = #expect(throws: SecretsError.self) { try octets.withUnsafeBytes { try SealKey(octets: $0) } }
        #expect(error?.code == .invalidKey)
    }

    @Test func aKeyThatWasReadBackOpensWhatTheFirstSealed() throws {
        let again = try key.withOctets { try SealKey(octets: $0) }
        let sealed = key.seal(Password("secret"), context: "a")
        #expect(try again.open(sealed, context: "a") == Password("secret"))
    }
}

@Suite struct KeyedHashTests {
    @Test func piecesHashAsTheWhole() throws {
        let hash = try KeyedHash(key: KeyedHash.randomKey())
        let octets = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var stream = hash.stream()
        stream.update(Array(octets[..<1]))
        stream.update([])
        stream.update(Array(octets[1..<777]))
        stream.update(Array(octets[777...]))
        #expect(stream.finish() == hash(octets))
    }

    /// The ledger outlives the daemon's versions. The figure: Python's `hashlib.blake2b`, first 8 of 16 octets.
    @Test func itStaysWhatItIs() throws {
        let hash = try KeyedHash(key: Array(0..<32))
        #expect(hash(Array("whqtswO00WBw418f9t5JxYwZ".utf8)) == 0xc6dc_88d8_9e13_c711)
    }

    @Test func anotherKeyGivesAnotherHash() throws {
        let first = try KeyedHash(key: KeyedHash.randomKey())
        let second = try KeyedHash(key: KeyedHash.randomKey())
        #expect(first([1, 2, 3]) != second([1, 2, 3]))
    }

    @Test(arguments: [0, 15, 65])
    func aKeyOfAnUnfitLengthIsRefused(count: Int) {
        #expect(throws: SecretsError.self) { try KeyedHash(key: Array(repeating: 0, count: count)) }
    }
}

@Suite struct PasswordDigestTests {
    @Test func samePasswordOfSameContextAloneIsTheSame() {
        let digester = PasswordDigester()
        let digest = digester.digest(Password("secret"), context: "ann@example.com")
        #expect(digest == digester.digest(Password("secret"), context: "ann@example.com"))
        #expect(digest != digester.digest(Password("secret2"), context: "ann@example.com"))
        #expect(digest != digester.digest(Password("secret"), context: "bob@example.com"))
        #expect(digester.digest(Password("bc"), context: "a") != digester.digest(Password("c"), context: "ab"))
        #expect(digest != PasswordDigester().digest(Password("secret"), context: "ann@example.com"))
    }
}
