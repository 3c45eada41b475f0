// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import MailSource
import Records
import Secrets
import Support
import Testing
import Vocabulary

@testable import Logins
@testable import Migration
@testable import Statuses

/// What is damaged in the records keeps nobody else from starting, logging in, or moving.
@Suite(.timeLimit(.minutes(15))) struct DamageTests {
    private static let bob = NewPlatform.address("bob@example.com")

    @Test(arguments: [
        "UPDATE account SET handover = 'perhaps' WHERE address = 'ann@example.com'",
        "UPDATE account SET outcome = 77 WHERE address = 'ann@example.com'",
        "UPDATE account SET sealed = x'00' WHERE address = 'ann@example.com'",
        "INSERT INTO intent (account, recordedAt, batch, messages) "
            + "SELECT id, 0, x'01', x'0102' FROM account WHERE address = 'ann@example.com'",
        "INSERT INTO intent (account, recordedAt, batch, messages) "
            + "SELECT id, 0, x'01', x'' FROM account WHERE address = 'ann@example.com'",
        "UPDATE settings SET value = '{' WHERE domain = (SELECT id FROM domain WHERE name = 'example.net')",
    ])
    func holdsUpItsOwnAccountAlone(_ sql: String) async throws {
        let folder = "/var/tmp/mailmove-migration-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = MemorySource(
            password: "old", inbox: (0..<5).map { MemorySource.Message(id: "u\($0)", text: "Subject: \($0)\n\nbody\n") }
        )
        let key = SealKey.random()
        try await NewPlatform.run(in: folder, from: source, sealKey: key) { platform in
            source.state.withLock { $0.isDown = true }
            let net = NewPlatform.address("eve@example.net")
            try await platform.enable(port: 1, accounts: [NewPlatform.ann, Self.bob])
            try await platform.enable(port: 1, accounts: [net]) { $0.domain = net.domain }
            for account in [NewPlatform.ann, Self.bob] {
                // Both are moving when it ends.
                try await platform.records.change(.address(account)) { facts in
                    var effects = AccountEffects(facts.account)
                    effects.account?.handover = .unchanged
                    effects.account?.beginMoving()
                    effects.account?.keep(
                        platform.move.logins.vault.seal(Password("old"), for: account),
                        for: PendingRun(kind: .first, due: platform.now))
                    return effects
                }
            }
        }
        let database = try DatabaseQueue(path: folder + "/mailmove.db")
        try await database.write { try $0.execute(sql: sql) }
        try database.close()
        source.state.withLock { $0.isDown = false }
        try await NewPlatform.run(in: folder, from: source, sealKey: key) { platform in
            #expect(try await platform.until(Self.bob) { $0.status == .completed }.moved == 5)
            #expect(platform.delivered(to: Self.bob).count == 5)
            let log = try await platform.move.statuses.log(LogQuery(domain: NewPlatform.ann.domain))
            #expect(log.entries.contains { $0.account == Self.bob })
            #expect(try await !platform.move.settings.overviews().isEmpty)
        }
    }
}
