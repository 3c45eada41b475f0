// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Synchronization

/// What befalls a daemon between its ends, beside them: its clock jumps, its state is put back to a backup, its mail
/// store is not mounted.
struct Upheavals {
    /// The daemon's state as it was at one of its ends, and what was known of it then.
    private struct Backup {
        var acknowledged: Hardship.Acknowledged
        var runs: [Int: Int64]
        var deletions: Set<String>
    }

    let hardship: Hardship
    let clock: ShiftedClock
    let store: BoundFolder
    private var backup: Backup?

    static var arePossible: Bool { FileSystem.isAvailable && ShiftedClock.isAvailable }

    init(_ scale: Hardship.Scale, seed: UInt64, pace: Int) throws {
        let file = URL(filePath: "/var/tmp/mailmove-clock-\(UUID().uuidString.prefix(8))")
        clock = try ShiftedClock(at: file)
        let daemon = try DaemonProcess(environment: Hardship.environment.merging(clock.environment) { $1 })
        store = try BoundFolder(at: daemon.folder.appending(path: "mail"), kilobytes: 512 * 1024)
        hardship = try Hardship(scale, seed: seed, pace: pace, daemon: daemon)
    }

    func remove() {
        hardship.daemon.kill()
        store.remove()
        clock.remove()
    }

    /// While the daemon is down; it is so again at the end.
    mutating func befall(
        _ numbers: Range<Int>, _ random: inout SplitMix64, _ tally: inout Hardship.Tally
    ) async throws {
        // Before any mail was moved nothing tells an empty store from the right one.
        guard hardship.state.withLock({ !$0.acknowledged.completed.isEmpty }) else { return }
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            try backUp(numbers)
            tally.backups += 1
        case 1 where backup != nil:
            try putBack(numbers)
            tally.restored += 1
        case 2:
            try await withoutStore(numbers, &random)
            tally.absences += 1
            tally.blows += 1
        default: break
        }
    }

    // MARK: Clocks

    /// Lets the clock jump forwards and back by days until the task is cancelled.
    /// - Returns: how often it did.
    static func jump(_ clock: ShiftedClock) async throws -> Int {
        var jumps = 0
        while !Task.isCancelled {
            try clock.set(seconds: Int.random(in: -20...20) * 86_400 + Int.random(in: -4000...4000))
            jumps += 1
            try? await Task.sleep(for: .milliseconds(Int.random(in: 50...1500)))  // cancelled: the loop ends
        }
        return jumps
    }

    // MARK: Backups

    private var files: URL { hardship.daemon.folder.appending(path: "state") }
    private var copy: URL { hardship.daemon.folder.appending(path: "backup") }

    private mutating func backUp(_ numbers: Range<Int>) throws {
        try Self.copy(files, to: copy)
        // SQLite ends what the log holds wherever it looks: not in the backup.
        let look = hardship.daemon.folder.appending(path: "look")
        try Self.copy(files, to: look)
        let rows = try FileSystem.run([
            "sqlite3", "-separator", " ", look.appending(path: "mailmove.db").path,
            "SELECT address, runs FROM account WHERE deletedAt IS NULL",
        ])
        var runs: [String: Int64] = [:]
        for row in rows.split(separator: "\n").map({ $0.split(separator: " ") }) where row.count == 2 {
            runs[String(row[0])] = Int64(row[1])
        }
        backup = Backup(
            acknowledged: hardship.state.withLock { $0.acknowledged },
            runs: Dictionary(uniqueKeysWithValues: numbers.map { ($0, runs[Hardship.address($0)] ?? 0) }),
            deletions: hardship.reader.deletions)
    }

    private func putBack(_ numbers: Range<Int>) throws {
        guard let backup else { return }
        try Self.copy(copy, to: files)
        hardship.state.withLock { state in
            state.acknowledged = backup.acknowledged
            for number in numbers { state.olderRuns[number] = backup.runs[number] ?? 0 }
        }
        let maildirs = numbers.map { hardship.daemon.maildir(of: Hardship.address($0)) }
        hardship.reader.isForgotten(since: backup.deletions, in: maildirs)
    }

    /// All of it, and nothing else.
    private static func copy(_ folder: URL, to other: URL) throws {
        try FileSystem.run(["rm", "-rf", other.path])
        try FileSystem.run(["cp", "-a", folder.path, other.path])
    }

    // MARK: The mail store

    /// It is gone while the daemon is down, or has nothing to do; it is back before the daemon ends, or after.
    private func withoutStore(_ numbers: Range<Int>, _ random: inout SplitMix64) async throws {
        let daemon = hardship.daemon
        // An end may have come before some were created, and an older state has not heard of others.
        let created = numbers.filter(hardship.state.withLock { $0.acknowledged.created }.contains)
        if Bool.random(using: &random) {
            try await hardship.start()
            var isMoving = true
            for _ in 0..<200 where isMoving {
                isMoving = try await hardship.isMoving(created)
                try await Task.sleep(for: .milliseconds(20))
            }
            if isMoving { daemon.kill() }
            try store.unmount()
            if isMoving { try await hardship.start() }
        } else {
            try store.unmount()
            try await hardship.start()
        }
        var waiting: [Int] = []
        for number in created where try await hardship.status(number)["status"] != "completed" {
            waiting.append(number)
        }
        await hardship.call(numbers.suffix(4), 1)
        try await Task.sleep(for: .milliseconds(Int.random(in: 100...600, using: &random)))
        for number in waiting where try await hardship.status(number)["status"] == "completed" {
            hardship.breaks("\(Hardship.address(number)) was completed while the mail store was not mounted")
        }
        let made = try FileManager.default.contentsOfDirectory(atPath: store.folder.path)
        if made.contains("example.com") { hardship.breaks("mail went below the mount point") }
        if Bool.random(using: &random) {
            try store.mount()
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...300, using: &random)))
            daemon.kill()
        } else {
            daemon.kill()
            try store.mount()
        }
    }
}
