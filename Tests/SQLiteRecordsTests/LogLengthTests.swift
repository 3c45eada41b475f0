// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import SQLiteRecords

/// The write-ahead log takes no room that others need.
@Suite struct LogLengthTests {
    /// In octets, after many changes, of which all but the last are void.
    private func length(_ options: Options) async throws -> Int {
        try await withFolder { folder in
            let records = try await SQLiteRecords.open(path: folder + "/mailmove.db", options: options)
            for number in 0..<300 {
                try await records.note { try $0.set("test", to: Array(repeating: UInt8(number % 256), count: 16384)) }
            }
            let value = try FileManager.default.attributesOfItem(atPath: folder + "/mailmove.db-wal")[.size]
            #expect(try await records.read { try $0.value("test") }?.count == 16384)
            await records.close()
            return try #require((value as? NSNumber)?.intValue)
        }
    }

    @Test func itIsShortWhereLittleRoomIsLeft() async throws {
        var options = Options()
        options.ampleRoom = .max
        #expect(try await length(options) < 1 << 20)
    }

    @Test func itIsLongWhereThereIsRoom() async throws {
        var options = Options()
        options.ampleRoom = 0
        #expect(try await length(options) > 4 << 20)
    }
}
