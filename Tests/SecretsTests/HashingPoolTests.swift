// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Secrets

@Suite struct HashingPoolTests {
    /// Quick to compare with (bcrypt of cost 4, "hello").
    private let quick: PasswordHash

    init() throws { quick = try PasswordHash("$2b$05$WUHhXETkX0fnYkrqZU3ta.UBjhnjaAfcXa1KFPqKLtvrcE2FtK7.u") }

    @Test func itVerifiesAndHashes() async throws {
        let pool = try HashingPool()
        let hash = try await pool.hash(Password("hello"), scheme: .yescrypt)
        #expect(try await pool.verify(Password("hello"), against: hash))
        #expect(try await !pool.verify(Password("hallo"), against: hash))
        try await pool.decoy(Password("hello"))
        await pool.shutdown()
    }

    @Test func bulkHashesComeBackInTheirOrder() async throws {
        let pool = try HashingPool()
        let passwords = (0..<30).map { Password("password \($0)") }
        let hashes = try await pool.hash(passwords.map { .init($0) }, scheme: .yescrypt)
        #expect(hashes.count == passwords.count)
        for (password, hash) in zip(passwords, hashes) {
            #expect(try await pool.verify(password, against: hash))
        }
        #expect(try await pool.hash([], scheme: .yescrypt).isEmpty)
        await pool.shutdown()
    }

    @Test func aKnownHashOfThePasswordStays() async throws {
        let pool = try HashingPool()
        let known = try await pool.hash(Password("hello"), scheme: .sha512)
        let hashes = try await pool.hash(
            [.init(Password("hello"), unless: known), .init(Password("other"), unless: known)], scheme: .yescrypt)
        #expect(hashes[0].stored == known.stored)
        #expect(hashes[1].stored != known.stored)
        #expect(try await pool.verify(Password("other"), against: hashes[1]))
        await pool.shutdown()
    }

    /// One thread, 500 passwords ahead: five logins are through long before.
    @Test func loginsOvertakeBulk() async throws {
        let pool = try HashingPool(threads: 1)
        let bulk = Task { try await pool.hash((0..<500).map { .init(Password("password \($0)")) }, scheme: .yescrypt) }
        for _ in 0..<5 {
            #expect(try await pool.verify(Password("hello"), against: quick))
        }
        await pool.shutdown()
        let unfinished = await #expect(throws: SecretsError.self) { try await bulk.value }
        #expect(unfinished?.code == .stopped)
    }

    @Test func moreLoginsThanMayWaitAreTurnedAway() async throws {
        let pool = try HashingPool(threads: 1, waitingLogins: 4)
        let slow = try PasswordScheme.bcrypt.make(Password("hello"))
        let outcomes = await withTaskGroup(of: SecretsError.Code?.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    do {
                        return try await pool.verify(Password("hello"), against: slow) ? nil : .hashingFailed
                    } catch {
                        return (error as? SecretsError)?.code ?? .hashingFailed
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } >= 4)
        #expect(outcomes.contains(.overloaded))
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .overloaded })
        // And once they are gone, there is room again.
        #expect(try await pool.verify(Password("hello"), against: quick))
        await pool.shutdown()
    }

    @Test func oneThatIsCancelledEndsOnceAndHarmsNoOther() async throws {
        let pool = try HashingPool(threads: 2, waitingLogins: 1000)
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<300 {
                group.addTask {
                    let check = Task { try await pool.verify(Password("hello"), against: quick) }
                    if index.isMultiple(of: 2) {
                        check.cancel()
                        switch await check.result {
                        case .success(let matches): #expect(matches)
                        case .failure(let error): #expect(error is CancellationError)
                        }
                    } else {
                        #expect(await (try? check.value) == true)
                    }
                }
            }
        }
        await pool.shutdown()
    }

    @Test func cancelledBulkStops() async throws {
        let pool = try HashingPool(threads: 1)
        let bulk = Task {
            try await pool.hash((0..<10_000).map { .init(Password("password \($0)")) }, scheme: .yescrypt)
        }
        #expect(try await pool.verify(Password("hello"), against: quick))
        bulk.cancel()
        await #expect(throws: CancellationError.self) { try await bulk.value }
        await pool.shutdown()
    }

    @Test func oneUnfitPasswordEndsItsBulkAlone() async throws {
        let pool = try HashingPool()
        let passwords = (0..<20).map { HashingPool.Wanted(Password($0 == 7 ? "" : "password")) }
        let error = await #expect(throws: SecretsError.self) { try await pool.hash(passwords, scheme: .yescrypt) }
        #expect(error?.code == .unacceptablePassword)
        #expect(try await pool.verify(Password("hello"), against: quick))
        await pool.shutdown()
    }

    @Test func afterShutdownEveryoneIsToldSo() async throws {
        let pool = try HashingPool(threads: 1)
        let waiting = Task {
            try await pool.hash((0..<10_000).map { .init(Password("password \($0)")) }, scheme: .yescrypt)
        }
        #expect(try await pool.verify(Password("hello"), against: quick))
        await pool.shutdown()
        await pool.shutdown()
        let wasWaiting = await #expect(throws: SecretsError.self) { try await waiting.value }
        #expect(wasWaiting?.code == .stopped)
        let late = await #expect(throws: SecretsError.self) { try await pool.decoy(Password("x")) }
        #expect(late?.code == .stopped)
        let lateBulk = await #expect(throws: SecretsError.self) {
            try await pool.hash(Password("x"), scheme: .sha512, priority: .bulk)
        }
        #expect(lateBulk?.code == .stopped)
    }

    /// How long it takes is printed, not asserted: a known account with a wrong password, and one that is unknown.
    @Test(arguments: PasswordScheme.allCases)
    func unknownAccountsCostWhatKnownOnesDo(scheme: PasswordScheme) async throws {
        let pool = try HashingPool(threads: 1, decoyScheme: scheme)
        let hash = try await pool.hash(Password("the right one"), scheme: scheme)
        let clock = ContinuousClock()
        var known = Duration.zero
        var unknown = Duration.zero
        for _ in 0..<10 {
            known += try await clock.measure { _ = try await pool.verify(Password("a wrong one"), against: hash) }
            unknown += try await clock.measure { try await pool.decoy(Password("a wrong one")) }
        }
        print("\(scheme): a wrong password costs \(known / 10), an unknown account \(unknown / 10)")
        await pool.shutdown()
    }
}
