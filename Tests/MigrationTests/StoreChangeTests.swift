// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Records
import Statuses
import Testing
import Vocabulary

@testable import Migration

/// Deliveries that were under way when `mailStore.kind` was changed, so that the store cannot read what was intended.
@Suite(.timeLimit(.minutes(5))) struct StoreChangeTests {
    /// Forms that the Maildirs' store does not know.
    private static let others: [[UInt8]] = [
        Array("imap1\0ann@example.com\0INBOX\07\01\01\01-1\0ff\0100\0".utf8), Array("3\0boot\05\0imap1\0".utf8), [],
        [255, 0, 1],
    ]

    @Test(arguments: others) func whatIsInTheMailboxTells(batch: [UInt8]) async throws {
        let server = try OldMailServer(password: "old", messages: 3)
        defer { server.stop() }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            try await platform.settle()
            let id = try #require(try await platform.row()).id
            let ledger = try await platform.records.read { try $0.ledger(of: id) }
            let intended = ledger
            try await platform.records.change(.id(id)) { facts in
                guard var row = facts.row else { return nil }
                row.moved -= Int64(intended.count)
                var effects = AccountEffects(row)
                effects.forgotten = intended
                return effects
            }
            let intent = Intent(
                account: id, recordedAt: platform.now, batch: batch, rows: intended, octets: intended.map(\.octets))
            _ = try await platform.records.write { try $0.insert(intent) }
            // One of them did not arrive.
            let gone = try #require(
                try platform.delivered().first { path in
                    try String(contentsOfFile: path, encoding: .utf8).contains("Subject: 0")
                })
            try FileManager.default.removeItem(atPath: gone)
            _ = try await platform.trigger("old")
            let status = try await platform.until { $0.status == .completed && $0.moved == 3 }
            #expect(status.moved == 3 && status.error == nil, "\(status)")
            #expect(platform.delivered().count == 3)
            #expect(try await platform.records.read { try $0.intents(of: id) }.isEmpty)
        }
    }
}
