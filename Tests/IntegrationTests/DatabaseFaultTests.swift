// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// What can be wrong with what is remembered, made for real.
    @Suite struct DatabaseFaultTests {
        private func database(_ daemon: DaemonProcess) -> URL { daemon.folder.appending(path: "state/mailmove.db") }

        /// A change cannot be made and says why; who can be let in by what is known is let in; no crash.
        private func expectUnavailable(
            _ faults: Faults, _ text: String, isFull: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            // On a full disk a small change may still find room in the files that are there.
            if !isFull {
                let error = await failure {
                    _ = try await faults.platform.admin.setPassword(
                        account: Faults.bob, password: Password("another-Pass-9word"))
                }
                #expect(error?.reason == .databaseUnavailable, sourceLocation: sourceLocation)
                #expect(
                    error?.detail.contains(text) == true, "\(String(describing: error))", sourceLocation: sourceLocation
                )
            }
            try await faults.expectService(store: false, sourceLocation: sourceLocation)
            let answer = try await faults.platform.logIn(Faults.bob, password: Platform.newPassword)
            #expect(answer.decision == .accept, sourceLocation: sourceLocation)
            let bob = try await faults.platform.status(Faults.bob)
            #expect(bob.account.description == Faults.bob, sourceLocation: sourceLocation)
        }

        @Test func aLockedDatabaseIsWaitedForInTheMiddleOfAMove() async throws {
            try await Faults.running(pace: 10) { faults in
                try await faults.platform.trigger(Faults.ann)
                try await faults.someOfAnnsMail()
                let holder = try Holder(database(faults.daemon))
                defer { holder.letGo() }
                try await expectUnavailable(faults, "locked by another program")
                holder.letGo()
                try await faults.expectAnnArrives()
                try await faults.expectService()
            }
        }

        @Test(.enabled(if: FileSystem.isAvailable, "needs root, to mount file systems"))
        func aFullDiskUnderTheDatabaseIsWaitedForInTheMiddleOfAMove() async throws {
            let disks = Disks()
            try await Faults.running(
                pace: 10,
                prepare: { daemon in
                    disks.add(try FileSystem(.tmpfs(kilobytes: 16384), at: daemon.folder.appending(path: "state")))
                }
            ) { faults in
                defer { disks.remove() }
                try await faults.platform.trigger(Faults.ann)
                try await faults.someOfAnnsMail()
                disks.first?.fill()
                try await expectUnavailable(faults, "file system is full", isFull: true)
                disks.first?.empty()
                try await faults.expectAnnArrives()
                try await faults.expectService()
            }
        }

        /// Whoever was let in before is let in; what cannot be written waits; and all is as usual once there is room.
        @Test(.enabled(if: FileSystem.isAvailable, "needs root, to mount file systems"))
        func aDaemonThatIsStartedOnAFullDiskDecidesLogins() async throws {
            let disks = Disks()
            try await Faults.running(
                prepare: { daemon in
                    disks.add(try FileSystem(.tmpfs(kilobytes: 16384), at: daemon.folder.appending(path: "state")))
                }
            ) { faults in
                defer { disks.remove() }
                for ending in [false, true] {
                    if ending { _ = try await faults.daemon.terminate() } else { faults.daemon.kill() }
                    disks.first?.fill()
                    try await faults.daemon.start()
                    try await expectUnavailable(faults, "file system is full", isFull: true)
                    #expect(faults.daemon.log.contains("logins are decided by what is known"))
                    disks.first?.empty()
                    try await faults.expectService()
                    #expect(faults.daemon.log.contains("takes changes again"))
                }
                try await faults.platform.trigger(Faults.ann)
                try await faults.expectAnnArrives()
                // Other programs can read it again.
                try FileSystem.run(["sqlite3", database(faults.daemon).path, "SELECT count(*) FROM account"])
            }
        }

        /// From then on it cannot write; what it did before holds, and after the restart it goes on from there.
        @Test(.enabled(if: FileSystem.hasLoopDevices, "needs root and loop devices"))
        func aDeviceThatFailsUnderTheDatabaseEndsNothing() async throws {
            let disks = Disks()
            try await Faults.running(
                pace: 10,
                prepare: { daemon in
                    disks.add(try FileSystem(.ext4(megabytes: 64), at: daemon.folder.appending(path: "state")))
                }
            ) { faults in
                defer { disks.remove() }
                try await faults.platform.trigger(Faults.ann)
                try await faults.someOfAnnsMail()
                try disks.first?.cutOff()
                let error = await failure {
                    _ = try await faults.platform.admin.setPassword(
                        account: Faults.bob, password: Password("another-Pass-9word"))
                }
                #expect(error?.reason == .databaseUnavailable)
                try await faults.expectService(store: false)
                #expect(try await faults.platform.admin.ping() != "")
                faults.daemon.kill()
                try disks.first?.mountAgain()
                try await faults.daemon.start()
                _ = try await faults.platform.logIn()
                try await faults.expectAnnArrives()
            }
        }

        @Test func aDatabaseThatIsTakenAwayIsMissedAtOnceAndNeverBegunAnew() async throws {
            try await Faults.running { faults in
                let (here, away) = (database(faults.daemon), faults.daemon.folder.appending(path: "away"))
                try await faults.platform.trigger(Faults.ann)
                try await faults.expectAnnArrives()
                try FileManager.default.moveItem(at: here, to: away)
                try await expectUnavailable(faults, "removed or replaced")

                // A new one would know nothing of what was moved, and move it again.
                _ = try await faults.daemon.terminate()
                #expect(try await faults.daemon.outcome() == 69)
                #expect(faults.daemon.log.contains("is gone: it was here before"))
                #expect(!FileManager.default.fileExists(atPath: here.path))

                try FileManager.default.moveItem(at: away, to: here)
                try await faults.daemon.start()
                _ = try await faults.platform.logIn()
                try await faults.expectAnnArrives()
                try await faults.expectService()
            }
        }

        @Test func whoWantsToBeginAnewCan() async throws {
            try await Faults.running { faults in
                _ = try await faults.daemon.terminate()
                let state = faults.daemon.folder.appending(path: "state")
                for name in try FileManager.default.contentsOfDirectory(atPath: state.path) {
                    try FileManager.default.removeItem(at: state.appending(path: name))
                }
                try await faults.daemon.start()
                try await faults.platform.create([Faults.ann])
            }
        }

        @Test func aNewerDatabaseStopsTheStart() async throws {
            try await Faults.running { faults in
                _ = try await faults.daemon.terminate()
                try FileSystem.run([
                    "sqlite3", database(faults.daemon).path, "INSERT INTO grdb_migrations VALUES ('9999 of tomorrow')",
                ])
                #expect(try await faults.daemon.outcome() == 78)
                #expect(faults.daemon.log.contains("newer version of mailmove"))
            }
        }

        @Test func aDamagedDatabaseStopsTheStartAndIsLeftAsItIs() async throws {
            try await Faults.running { faults in
                _ = try await faults.daemon.terminate()
                let damaged = Data(repeating: 0x41, count: 8192)
                try damaged.write(to: database(faults.daemon))
                #expect(try await faults.daemon.outcome() == 69)
                #expect(faults.daemon.log.contains("restore a backup"))
                #expect(try Data(contentsOf: database(faults.daemon)) == damaged)
            }
        }

        @Test(.enabled(if: FileSystem.isAvailable, "needs root, to mount file systems"))
        func aReadOnlyStateDirectoryStopsTheStartWithWhatToDo() async throws {
            let disks = Disks()
            try await Faults.running(
                prepare: { daemon in
                    disks.add(try FileSystem(.tmpfs(kilobytes: 16384), at: daemon.folder.appending(path: "state")))
                }
            ) { faults in
                defer { disks.remove() }
                _ = try await faults.daemon.terminate()
                try disks.first?.setReadOnly(true)
                #expect(try await faults.daemon.outcome() == 69)
                #expect(faults.daemon.log.contains("Read-only file system"))
                try disks.first?.setReadOnly(false)
                try await faults.daemon.start()
                _ = try await faults.platform.logIn()
                try await faults.expectAnnArrives()
            }
        }
    }
}

/// What a preparation has mounted.
private final class Disks: @unchecked Sendable {  // one test's, which uses it from one place at a time
    private var disks: [FileSystem] = []

    var first: FileSystem? { disks.first }

    func add(_ disk: FileSystem) { disks.append(disk) }

    func remove() { for disk in disks { disk.remove() } }
}

/// Another program in the middle of a change of the database: sqlite3(1).
private final class Holder: Sendable {
    private let process = Process()
    private let input = Pipe()

    init(_ database: URL) throws {
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/sqlite3")
        process.arguments = [database.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data(".timeout 20000\nBEGIN IMMEDIATE;\nSELECT 'held';\n".utf8))
        while true {
            let said = output.fileHandleForReading.availableData
            if said.isEmpty || String(decoding: said, as: UTF8.self).contains("held") { return }
        }
    }

    func letGo() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
