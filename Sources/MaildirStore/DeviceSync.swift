// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import MailStore
import Measures
import Synchronization
import Waiting

extension MaildirStore {
    /// Batches on one file system share the work.
    public func sync(_ batches: [StagedBatch]) async -> [Int: MailStoreError] {
        let places = batches.map { MailboxPlace(encoded: $0.encoded) }
        let failures = await sync(Set(places.compactMap(\.self)))
        var errors: [Int: MailStoreError] = [:]
        for (index, place) in places.enumerated() {
            guard let place else {
                errors[index] = Self.strange
                continue
            }
            errors[index] = failures[place].map { MailStoreError($0) }
        }
        return errors
    }

    private func sync(_ places: Set<MailboxPlace>) async -> DeviceSync.Failures {
        await withTaskGroup(of: DeviceSync.Failures.self) { group in
            for (_, places) in Dictionary(grouping: places, by: \.device) {
                group.addTask { await self.sync(onOneDevice: Set(places)) }
            }
            return await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
    }

    private func sync(onOneDevice places: Set<MailboxPlace>) async -> DeviceSync.Failures {
        enum Answer { case success(DeviceSync), failure(DeviceSync.Failures) }
        let answer = await lookups.run { () -> Answer in
            // Any place that is still there will do.
            var failures: DeviceSync.Failures = [:]
            for place in places {
                do throws(FileError) { return .success(try self.devices.device(of: place)) } catch {
                    failures[place] = error
                }
            }
            return .failure(failures)
        }
        switch answer {
        case .success(let device): return await device.sync(places)
        case .failure(let failures): return failures
        }
    }
}

/// Makes durable what was written on one file system: one sync at a time, shared by all who asked before it began. A
/// caller that comes while one is running waits for the next, because the running one may already have passed its
/// files.
///
/// `syncfs` is by far the cheapest on a quiet file system, but waits for everybody's writes. After it has taken longer
/// than the budget, files are synced one by one for a while.
final class DeviceSync: Sendable {
    typealias Failures = [MailboxPlace: FileError]

    /// The threads for everything written on this file system.
    let pool: FilePool
    private let unsynced: Unsynced
    private let budget: Duration
    /// Opened before anything is written that it must sync: syncfs(2) reports only errors since then.
    private let directory: Directory
    private let state = Mutex(State())

    private struct State {
        var isRunning = false
        var waiting: [Waiter] = []
        /// Until when files are synced one by one.
        var isSlowUntil: ContinuousClock.Instant?
    }

    private struct Waiter: Sendable {
        var places: Set<MailboxPlace>
        let turn = Latch<Turn>()
    }

    private enum Turn: Sendable {
        case done(Failures)
        /// This caller runs the next round, for these others too.
        case lead([Waiter])
    }

    /// How long files are synced one by one after syncfs was slow.
    private static let slowPeriod = Duration.seconds(5)

    init(directory: Directory, pool: FilePool, unsynced: Unsynced, budget: Duration) {
        self.directory = directory
        self.pool = pool
        self.unsynced = unsynced
        self.budget = budget
    }

    /// The errors of those `places` for which durability cannot be promised.
    func sync(_ places: Set<MailboxPlace>) async -> Failures {
        let ahead = state.withLock { state -> Latch<Turn>? in
            guard state.isRunning else {
                state.isRunning = true
                return nil
            }
            let waiter = Waiter(places: places)
            state.waiting.append(waiter)
            return waiter.turn
        }
        switch await ahead?.wait() ?? .lead([]) {
        case .done(let failures): return failures
        case .lead(let others):
            let all = others.reduce(places) { $0.union($1.places) }
            let failures = await round(all)
            let next = state.withLock { state in
                defer { state.waiting = [] }
                if state.waiting.isEmpty { state.isRunning = false }
                return state.waiting
            }
            next.first?.turn.settle(.lead(Array(next.dropFirst())))
            for other in others {
                other.turn.settle(.done(failures.filter { other.places.contains($0.key) }))
            }
            return failures.filter { places.contains($0.key) }
        }
    }

    private func round(_ places: Set<MailboxPlace>) async -> Failures {
        let start = ContinuousClock.now
        defer { Measures.storeSyncs.record(.now - start) }
        let entries = unsynced.take(device: directory.device)
        var failures = await pool.run { [places] in Self.moved(places) }
        if await syncWhole() { return failures }
        await withTaskGroup(of: (MailboxPlace, FileError?).self) { group in
            for place in places where failures[place] == nil {
                group.addTask { (place, await self.syncEach(entries[place] ?? Unsynced.Entry(), in: place)) }
            }
            for await (place, failure) in group { failures[place] = failure }
        }
        for (place, entry) in entries where failures[place] != nil || !places.contains(place) {
            unsynced.add(entry.files, directories: entry.directories, in: place)
        }
        return failures
    }

    /// Failures for places that are no longer where they were: whether what was staged there still exists is unknown.
    private static func moved(_ places: Set<MailboxPlace>) -> Failures {
        var failures: Failures = [:]
        for place in places {
            do throws(FileError) { _ = try MaildirPlace(place) } catch { failures[place] = error }
        }
        return failures
    }

    /// Syncs the whole file system; false if that failed, cannot be trusted, or would take too long.
    private func syncWhole() async -> Bool {
        if let until = state.withLock({ $0.isSlowUntil }), until > .now { return false }
        let took = await pool.run { [directory] () -> Duration? in
            guard Self.isWholeSyncTrusted(directory.fd) else { return nil }
            let start = ContinuousClock.now
            return syncfs(directory.fd) == 0 ? ContinuousClock.now - start : nil
        }
        guard let took else { return false }
        state.withLock { $0.isSlowUntil = took > budget ? .now + Self.slowPeriod : nil }
        return true
    }

    /// Local file systems whose syncfs(2) flushes their journal and the disk's cache. Others (NFS, FUSE) may answer
    /// 0 and have done nothing.
    static func isWholeSyncTrusted(_ fd: Int32) -> Bool {
        switch file_system_type(fd) {
        case 0xEF53, 0x5846_5342, 0x9123_683E, 0xF2F5_2010, 0x2FC1_2FC1, 0xCA45_1A4E, 0x0102_1994, 0x794C_7630:
            true  // ext4, XFS, Btrfs, F2FS, ZFS, bcachefs, tmpfs, overlay
        default: false
        }
    }

    /// Syncs the files and directories of one place: all writes are started before the first is waited for.
    private func syncEach(_ entry: Unsynced.Entry, in place: MailboxPlace) async -> FileError? {
        let pieces = stride(from: 0, to: entry.files.count, by: Self.filesAtOnce).map {
            Array(entry.files[$0..<min($0 + Self.filesAtOnce, entry.files.count)])
        }
        let failure = await withTaskGroup(of: FileError?.self) { group in
            for files in pieces {
                group.addTask { await self.pool.run { Self.sync(files, in: place) } }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { return failure }
        return await pool.run { Self.syncDirectories(entry.directories, in: place) }
    }

    private static let filesAtOnce = 16

    private static func sync(_ files: [String], in place: MailboxPlace) -> FileError? {
        do throws(FileError) {
            let tmp = try MaildirPlace(place).tmp
            var open: [Int32] = []
            defer { for fd in open { close(fd) } }
            for file in files {
                // O_NONBLOCK: even a FIFO that a user has put there must not make it wait.
                let fd = openat(tmp.fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                if fd < 0 {
                    if errno == ENOENT { continue }  // discarded
                    throw .system(errno, path: "\(tmp.path)/\(file)")
                }
                open.append(fd)
                _ = sync_file_range(fd, 0, 0, UInt32(syncFileRangeWrite))
            }
            for fd in open where fsync(fd) != 0 { throw .system(errno, path: tmp.path) }
            return nil
        } catch {
            return error
        }
    }

    private static func syncDirectories(_ made: [String], in place: MailboxPlace) -> FileError? {
        do throws(FileError) {
            let maildir = try MaildirPlace(place)
            var directories = [maildir.tmp, maildir.new, maildir.cur]
            for path in Set(made) { directories.append(try Directory(path: path, followsLink: true)) }
            for directory in directories where fsync(directory.fd) != 0 {
                throw .system(errno, path: directory.path)
            }
            return nil
        } catch {
            return error
        }
    }
}
