// SPDX-License-Identifier: Apache-2.0

import Foundation
import MessageContent
import Migration
import SQLiteRecords
import Testing
import Vocabulary

/// In what form contents are hashed: in that in which the ledger began.
@Suite(.timeLimit(.minutes(15))) struct ContentKeyTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/var/tmp/mailmove-content-key-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func hash(_ key: ContentKey) -> ContentHash {
        var scan = MessageScan(key: key)
        scan.reset()
        Array("Subject: x\n\nbody".utf8).withUnsafeBytes { scan.append($0) }
        return scan.finish().content
    }

    @Test func aNewLedgerBeginsWithPoly1305AndKeepsIt() async throws {
        try await withFolder { folder in
            var hashes: [ContentHash] = []
            for _ in 0..<2 {
                let records = try await SQLiteRecords.open(path: "\(folder)/mailmove.db")
                let key = try await ContentKey.kept(in: records)
                #expect(key.form == .poly1305)
                hashes.append(hash(key))
                await records.close()
            }
            #expect(hashes[0] == hashes[1])
        }
    }

    @Test func aFormThatIsNotKnownIsNotGuessed() async throws {
        try await withFolder { folder in
            let records = try await SQLiteRecords.open(path: "\(folder)/mailmove.db")
            _ = try await ContentKey.kept(in: records)
            try await records.write { try $0.set("content-form", to: Array("blake4".utf8)) }
            await #expect(throws: (any Error).self) { try await ContentKey.kept(in: records) }
            await records.close()
        }
    }

    @Test func aLedgerFromBeforeGoesOnAsItBegan() async throws {
        let server = try OldMailServer(password: "old", messages: 20)
        defer { server.stop() }
        // Without UIDL a message is known by its content alone.
        server.state.withLock { state in state.answer = { $0.hasPrefix("UIDL") ? "-ERR no such command\r\n" : nil } }
        try await withFolder { folder in
            let octets = [UInt8](repeating: 3, count: 32)
            let records = try await SQLiteRecords.open(path: "\(folder)/mailmove.db")
            try await records.write { try $0.set("content-key", to: octets) }
            let key = try await ContentKey.kept(in: records)
            #expect(key.form == .blake2b)
            #expect(hash(key) == hash(try ContentKey(octets, form: .blake2b)))
            await records.close()
            try await NewPlatform.run(in: folder) { platform in
                try await platform.enable(server)
                _ = try await platform.login("old")
                #expect(try await platform.until { $0.status == .completed }.moved == 20)
                try await platform.settle()
            }
            func retrieved() -> Int { server.state.withLock { $0.lines.count { $0.hasPrefix("RETR") } } }
            let before = retrieved()
            try await NewPlatform.run(in: folder) { platform in
                #expect(try await ContentKey.kept(in: platform.records).form == .blake2b)
                _ = try await platform.login("old")
                try await platform.settle()
                let status = try await platform.status()
                #expect(status.status == .completed)
                #expect(status.moved == 20)
                #expect(platform.delivered().count == 20)
                #expect(retrieved() > before)
            }
        }
    }
}
