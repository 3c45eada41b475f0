// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Records
import Testing
import Vocabulary

@testable import SQLiteRecords

@Suite struct DatabaseFileTests {
    private func mode(_ path: String) throws -> Int {
        let value = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        return try #require((value as? NSNumber)?.intValue)
    }

    private func refusal(_ path: String, options: Options = Options()) async -> RecordsError? {
        do throws(RecordsError) {
            await (try SQLiteRecords.open(path: path, options: options)).close()
            return nil
        } catch {
            return error
        }
    }

    @Test func commitsAreDurableAndTheWriterSaysSo() async throws {
        try await withRecords { records in
            #expect(try await records.sql("PRAGMA synchronous") == "2")
            #expect(try await records.sql("PRAGMA journal_mode") == "wal")
            #expect(try await records.sql("PRAGMA foreign_keys") == "1")
            #expect(try await records.sql("PRAGMA application_id") == "\(0x6D6D_6F76)")
            #expect(try await records.sql("PRAGMA secure_delete") == "2")
            try await records.check()
        }
    }

    /// In a process of its own, where nobody else opens and closes files.
    @Test func closingTwiceClosesNobodyElsesFile() async {
        await #expect(processExitsWith: .success) {
            try await withFolder { folder in
                let records = try await SQLiteRecords.open(path: folder + "/mailmove.db")
                await records.close()
                let others = (0..<16).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
                await records.close()
                for descriptor in others { #expect(close(descriptor) == 0) }
            }
        }
    }

    @Test func allFilesAreTheOwnersAlone() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            let records = try await SQLiteRecords.open(path: path)
            _ = try await records.write { try $0.insert(newAccount("ann@example.org")) }
            for suffix in ["", "-wal", "-shm", "-lock"] { #expect(try mode(path + suffix) == 0o600) }
            await records.close()
            // A file that was opened up is closed again.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            let again = try await SQLiteRecords.open(path: path)
            for suffix in ["", "-wal", "-shm", "-lock"] { #expect(try mode(path + suffix) == 0o600) }
            await again.close()
        }
    }

    @Test func whatWasRecordedIsThereAfterOpeningAgain() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            let records = try await SQLiteRecords.open(path: path)
            let ann = try await records.write { try $0.insert(newAccount("ann@example.org")) }
            await records.close()
            let again = try await SQLiteRecords.open(path: path)
            #expect(try await again.read { try $0.account(id: ann.id) } == ann)
            #expect(try await again.sql("PRAGMA synchronous") == "2")
            await again.close()
        }
    }

    @Test func aNewerDatabaseIsLeftAsItIs() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            let records = try await SQLiteRecords.open(path: path)
            try await records.sql("INSERT INTO grdb_migrations VALUES ('9999 of tomorrow') RETURNING ''")
            await records.close()
            let before = try Data(contentsOf: URL(filePath: path))
            let error = await refusal(path)
            #expect(error?.code == .newer && error?.detail.contains(path) == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test func anotherProgramsDatabaseIsLeftAsItIs() async throws {
        try await withFolder { folder in
            let path = folder + "/other.db"
            let other = try DatabaseQueue(path: path)
            try await other.write { try $0.execute(sql: "CREATE TABLE mine (id INTEGER)") }
            try other.close()
            let before = try Data(contentsOf: URL(filePath: path))
            let error = await refusal(path)
            #expect(error?.code == .corrupt && error?.detail.contains("another program") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test func aDamagedFileIsNamedWithWhatToDo() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            let error = await refusal(path)
            #expect(error?.code == .corrupt && error?.detail.contains("backup") == true)
        }
    }

    @Test func damageFoundLaterIsAnError() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            let records = try await SQLiteRecords.open(path: path)
            let count = 2000
            try await records.write { writer in
                for number in 0..<count { _ = try writer.insert(newAccount("user\(number)@example.org")) }
            }
            await records.close()
            var data = try Data(contentsOf: URL(filePath: path))
            for page in stride(from: 60 * 4096, to: data.count - 4096, by: 4096) {
                data.replaceSubrange(page..<page + 100, with: Data(repeating: 0xFF, count: 100))
            }
            try data.write(to: URL(filePath: path))
            let again = try await SQLiteRecords.open(path: path)
            await #expect {
                for id in 1...Int64(count) { _ = try await again.read { try $0.account(id: id) } }
            } throws: {
                ($0 as? RecordsError)?.code == .corrupt
            }
            await again.close()
        }
    }

    @Test func aPlaceThatCannotHoldADatabaseIsUnavailable() async throws {
        try await withFolder { folder in
            for path in [folder, folder + "/none/mailmove.db", "/proc/mailmove.db"] {
                let error = await refusal(path)
                #expect(error?.code == .unavailable && error?.detail.contains(path) == true, "\(path)")
            }
        }
    }

    @Test func aLockedDatabaseIsUnavailable() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            var options = Options()
            options.busySeconds = 0.05
            let records = try await SQLiteRecords.open(path: path, options: options)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: path, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE; DELETE FROM kept") }
            await #expect { try await records.write { try $0.set("a", to: []) } } throws: {
                ($0 as? RecordsError)?.code == .unavailable && "\($0)".contains("locked")
            }
            #expect(try await records.read { try $0.value("a") } == nil)
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            try await records.write { try $0.set("a", to: [1]) }
            #expect(try await records.read { try $0.value("a") } == [1])
            try other.close()
            await records.close()

            let owner = try DatabaseQueue(path: path)
            try await owner.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
                try db.execute(sql: "DELETE FROM kept")
            }
            let error = await refusal(path, options: options)
            #expect(error?.code == .unavailable && error?.detail.contains("locked") == true)
            try owner.close()
        }
    }

    /// Which is reported on standard error: whoever opens them closes them.
    @Test func recordsThatAreDroppedLetTheFileGo() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            for number in 0..<3 as Range<UInt8> {
                let records = try await SQLiteRecords.open(path: path)
                #expect(try await records.read { try $0.value("a") } == (number == 0 ? nil : [number - 1]))
                try await records.write { try $0.set("a", to: [number]) }
            }
        }
    }

    @Test func aSecondDaemonIsTurnedAway() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            var options = Options()
            options.busySeconds = 0.05
            let records = try await SQLiteRecords.open(path: path)
            let error = await refusal(path, options: options)
            #expect(error?.code == .unavailable && error?.detail.contains("process \(getpid())") == true)
            // It took nothing from the first.
            try await records.write { try $0.set("a", to: [1]) }
            await records.close()
            #expect(await refusal(path, options: options) == nil)
        }
    }

    @Test func aReadOnlyDatabaseIsUnavailable() async throws {
        try await withRecords { records in
            try await records.sql("PRAGMA query_only = ON")
            await #expect { try await records.write { try $0.set("a", to: []) } } throws: {
                ($0 as? RecordsError)?.code == .unavailable && "\($0)".contains("read-only")
            }
            #expect(try await records.read { try $0.value("a") } == nil)
        }
    }

    @Test(.disabled(if: geteuid() == 0, "root may write to a read-only file"))
    func aFileThatMayNotBeWrittenIsUnavailable() async throws {
        try await withFolder { folder in
            let path = folder + "/mailmove.db"
            await (try SQLiteRecords.open(path: path)).close()
            try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder)
            defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder) }
            #expect(await refusal(path)?.code == .unavailable)
            #expect(await refusal(folder + "/new.db")?.code == .unavailable)
        }
    }
}
