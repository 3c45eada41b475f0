// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import MailStore
public import MessageContent
import Synchronization
public import Vocabulary

/// Mail kept in Maildirs, each message exactly once.
///
/// 1. ``open(_:options:intended:expecting:)`` makes the account's Maildir and gives a ``MaildirWriter``.
/// 2. The writer puts messages into `tmp/`, where no mail program looks, under names that are never used again.
/// 3. ``sync(_:)`` makes them durable, with all else that was written on the same file system.
/// 4. The caller records their names as intended.
/// 5. ``publish(_:)`` renames them into `new/`. A rename is atomic: the file is in `tmp/` or it is not.
/// 6. The next ``sync(_:)`` makes the renames durable; the caller records the messages as moved.
///
/// So, after a crash, an intended file that has left this very `tmp/` was delivered, whatever the user did with it
/// since, and one that is still there was not (``recover(_:of:isRecent:)``).
///
/// Each file system has threads of its own for all that is written there: one that is slow, or answers nothing, holds up
/// no other.
public final class MaildirStore: MailStore {
    let template: PathTemplate
    let contentKey: ContentKey
    private let directoryMode: mode_t
    let fileMode: mode_t
    /// For reading.
    let pool: FilePool
    /// Finds out which file system is meant.
    private let lookups = FilePool(threads: 32)
    let probe = Probe()
    private let patience: Duration
    private let devices: Devices
    private let unsynced = Unsynced()
    /// The latest run that was noted in each marker.
    private let noted = Mutex<[String: Int64]>([:])

    /// - Parameters:
    ///   - path: where Maildirs are: an absolute path with `%u` for the address, `%n` its local part, `%d` its domain
    ///     and `%%`. What stands before the first component with one of these must exist.
    ///   - contentKey: for the hashes of contents, and for what tells accounts apart in the names of files.
    ///   - pool: on whose threads mail is read; each file system gets as many for what is written there.
    ///   - directoryMode: of what is made; `0o2770` lets a group in.
    ///   - fileMode: of messages.
    ///   - syncBudget: when making a whole file system durable takes longer, files are synced one by one for a while.
    ///   - patience: how long a mailbox's file system may take to open it, or to end what a crash interrupted.
    /// - Throws: ``MailStoreError`` when `path` cannot be such a template.
    public init(
        path: String, contentKey: ContentKey, pool: FilePool, directoryMode: UInt32 = 0o700,
        fileMode: UInt32 = 0o600, syncBudget: Duration = .milliseconds(500), patience: Duration = .seconds(30)
    ) throws(MailStoreError) {
        template = try PathTemplate(path)
        self.contentKey = contentKey
        self.pool = pool
        self.directoryMode = directoryMode
        self.fileMode = fileMode
        self.patience = patience
        devices = Devices(threads: pool.threads, unsynced: unsynced, syncBudget: syncBudget)
    }

    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch], expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> any MailboxWriter {
        let folder = try FolderName(options.folder)
        let path = path(of: account, folder: nil)
        return try await onDevice(of: path) { isAwaited throws(MailStoreError) -> MaildirWriter in
            var made: [Directory] = []
            let (maildir, markers) = try self.maildir(of: account, folder: folder, expecting: expected, made: &made)
            let tag = self.tag(of: account)
            try Self.sweep(maildir.tmp, tag: tag, keeping: intended, while: isAwaited)
            self.unsynced.add([], directories: made.map(\.path), in: maildir.place)
            let device = self.devices.device(of: maildir.tmp)
            let name = MessageName(tag: tag)
            let run = StagedRun(mark: name.run, last: 0, markers: markers, note: "\(path)/\(MarkerFile.inMaildir)")
            return MaildirWriter(
                place: maildir.place, run: run, directory: maildir.tmp, options: options, unsynced: self.unsynced,
                device: device,
                staging: Staging(directory: maildir.tmp, fileMode: self.fileMode, name: name, key: self.contentKey))
        }
    }

    public func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) {
        let path = path(of: account, folder: try FolderName(options.folder))
        try await onDevice(of: self.path(of: account, folder: nil)) { isAwaited throws(MailStoreError) -> Void in
            do throws(MailStoreError) {
                let tmp = try Directory(path: path + "/tmp", followsLink: false)
                try Self.sweep(tmp, tag: self.tag(of: account), keeping: intended, while: isAwaited)
            } catch  where error.errno == ENOENT {
                // Nothing was ever staged there.
            }
        }
    }

    /// Not a file more once nobody waits for it: another run may have begun to stage there. What was listed before is
    /// none of that run's.
    private static func sweep(
        _ tmp: Directory, tag: String, keeping intended: [StagedBatch], while isAwaited: () -> Bool
    ) throws(MailStoreError) {
        let kept = Set(intended.flatMap { $0.names.map(MessageName.temporary) })
        for stale in try tmp.names(where: { MessageName.isOurs($0, tag: tag) && !kept.contains($0) }) {
            guard isAwaited() else { return }
            try tmp.remove(stale)
        }
    }

    public func sync(_ places: Set<MailboxPlace>) async -> [MailboxPlace: MailStoreError] {
        await withTaskGroup(of: [MailboxPlace: MailStoreError].self) { group in
            for (_, places) in Dictionary(grouping: places, by: \.device) {
                group.addTask { await self.sync(onOneDevice: Set(places)) }
            }
            return await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
    }

    @discardableResult
    public func publish(_ batch: StagedBatch) async throws(MailStoreError) -> [Bool] {
        let place = batch.place
        let device = try await lookups.run { () throws(MailStoreError) in try self.devices.device(of: place) }
        return try await device.pool.run { [device] () throws(MailStoreError) -> [Bool] in
            defer { withExtendedLifetime(device) {} }
            let maildir = try MaildirPlace(place)
            self.note(batch.run)
            var wereStaged: [Bool] = []
            for name in batch.names { wereStaged.append(try maildir.publish(name, seen: batch.seen)) }
            return wereStaged
        }
    }

    private func note(_ run: StagedRun?) {
        guard let run else { return }
        let isNoted = noted.withLock { noted in
            if noted[run.note] == run.mark { return true }
            if noted.count >= 10_000 { noted = [:] }  // noted twice does no harm
            noted[run.note] = run.mark
            return false
        }
        if !isNoted { MarkerFile.note(run.mark, at: run.note) }
    }

    public func check(folder: String) throws(MailStoreError) { _ = try FolderName(folder) }

    static func missing(_ base: String) -> MailStoreError {
        MailStoreError(
            code: .misplaced, path: base, errno: ENOENT,
            detail: "\(base) does not exist, and is not made, because its file system may just not be mounted; "
                + "mount it, or make it: install -d -m 0750 -o \(geteuid()) \(base)")
    }

    // MARK: Inside

    /// Where `account` has its Maildir, or a folder in it.
    func path(of account: EmailAddress, folder: FolderName?) -> String {
        ([template.base] + template.components(of: account) + (folder?.directory.map { [$0] } ?? []))
            .joined(separator: "/")
    }

    /// Opens `account`'s Maildir, making what is missing of it and not `expected`; the parents of what was made are added
    /// to `made`.
    func maildir(
        of account: EmailAddress, folder: FolderName, expecting expected: StoreMarkers, made: inout [Directory]
    ) throws(MailStoreError) -> (place: MaildirPlace, markers: StoreMarkers) {
        var directory: Directory
        do throws(MailStoreError) {
            directory = try Directory(path: template.base, followsLink: true)
        } catch  where error.errno == ENOENT {
            throw Self.missing(template.base)
        }
        var markers: StoreMarkers = [:]
        func settle(_ level: StoreLevel, _ directory: Directory) throws(MailStoreError) {
            if let expected = expected[level] {
                guard try MarkerFile(level, in: directory)?.marker == expected else {
                    throw Self.unmarked(level, directory.path)
                }
                markers[level] = expected
            } else {
                markers[level] = try MarkerFile.settle(level, in: directory, mode: fileMode)
            }
        }
        try settle(.base, directory)
        let base = directory
        let components = template.components(of: account)
        for (index, component) in components.enumerated() {
            // An administrator may spread domains over disks by links; the Maildir itself is its user's.
            let isMaildir = index == components.count - 1
            let level: StoreLevel = index < template.domainComponents ? .domain : .mailbox
            let path = "\(directory.path)/\(component)"
            if expected[.mailbox] != nil || level == .domain && expected[.domain] != nil {
                do throws(MailStoreError) {
                    directory = try Directory(component, in: directory, followsLink: !isMaildir)
                } catch  where error.errno == ENOENT {
                    throw Self.unmarked(level, path)
                }
            } else {
                let (next, wasMade) = try directory.descend(component, making: directoryMode, followsLink: !isMaildir)
                if wasMade { made.append(directory) }
                directory = next
            }
            // On the file system of the base it stands and falls with that.
            let isOwn = directory.device != base.device || expected[.domain] != nil
            if index == template.domainComponents - 1, isOwn { try settle(.domain, directory) }
        }
        try settle(.mailbox, directory)
        if let name = folder.directory {
            // A Maildir++ folder lives in a whole Maildir.
            _ = try MaildirPlace(making: directoryMode, in: directory, made: &made)
            let (next, wasMade) = try directory.descend(name, making: directoryMode)
            if wasMade { made.append(directory) }
            directory = next
            let mark = openat(directory.fd, "maildirfolder", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, fileMode)
            if mark >= 0 {
                close(mark)
            } else if errno != EEXIST {
                throw .system(errno, path: "\(directory.path)/maildirfolder")
            }
        }
        return (try MaildirPlace(making: directoryMode, in: directory, made: &made), markers)
    }

    /// By which an account's files are told from those of others that may share its Maildir.
    func tag(of account: EmailAddress) -> String {
        MessageName.hexadecimal(contentKey.names(Array("maildir \(account)".utf8)) >> 32, digits: 8)
    }

    /// The answer of `body`, which asks the file system at `path`, in time.
    func lookUp<Answer: Sendable>(
        _ path: String, _ body: @escaping @Sendable () throws(MailStoreError) -> Answer
    ) async throws(MailStoreError) -> Answer {
        let answer = await lookups.run(within: patience) { () -> Result<Answer, MailStoreError> in
            do throws(MailStoreError) { return .success(try body()) } catch { return .failure(error) }
        }
        guard let answer else { throw .unresponsive(path, after: patience) }
        return try answer.get()
    }

    private func sync(onOneDevice places: Set<MailboxPlace>) async -> [MailboxPlace: MailStoreError] {
        enum Answer { case success(DeviceSync), failure([MailboxPlace: MailStoreError]) }
        let answer = await lookups.run { () -> Answer in
            // Any place that is still there will do.
            var failures: [MailboxPlace: MailStoreError] = [:]
            for place in places {
                do throws(MailStoreError) { return .success(try self.devices.device(of: place)) } catch {
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

    /// Runs `body` on a thread of the file system that the Maildir at `path` is on, or will be, but waits no longer than
    /// there is patience; `body` can ask whether anybody still does.
    func onDevice<Answer: Sendable>(
        of path: String,
        _ body: @escaping @Sendable (_ isAwaited: () -> Bool) throws(MailStoreError) -> Answer
    ) async throws(MailStoreError) -> Answer {
        let deadline = ContinuousClock.now + patience
        let found = await lookups.run(within: patience) { [template] () -> Result<DeviceSync, MailStoreError> in
            do throws(MailStoreError) {
                return .success(self.devices.device(of: try Self.deepest(of: path, from: template.base)))
            } catch {
                return .failure(error)
            }
        }
        guard let device = try found?.get() else { throw .unresponsive(path, after: patience) }
        let isAwaited = Awaited()
        let answer = await device.pool.run(within: deadline - .now) { () -> Result<Answer, MailStoreError> in
            defer { withExtendedLifetime(device) {} }
            do throws(MailStoreError) { return .success(try body { isAwaited.value }) } catch { return .failure(error) }
        }
        guard let answer else {
            isAwaited.end()
            throw .unresponsive(path, after: patience)
        }
        return try answer.get()
    }

    /// The directory at `path`, or the nearest one above it that is there.
    private static func deepest(of path: String, from base: String) throws(MailStoreError) -> Directory {
        // What is wrong on the way is said by who goes on to use it. The last is its user's, and no link of theirs leads
        // anywhere.
        if let maildir = try? Directory(path: path, followsLink: false) { return maildir }
        var path = Substring(path)
        while let slash = path.lastIndex(of: "/"), path[..<slash].utf8.count > base.utf8.count {
            path = path[..<slash]
            if let directory = try? Directory(path: String(path), followsLink: true) { return directory }
        }
        do throws(MailStoreError) {
            return try Directory(path: base, followsLink: true)
        } catch  where error.errno == ENOENT {
            throw missing(base)
        }
    }
}

/// Whether somebody waits for an answer.
private final class Awaited: Sendable {
    private let isOver = Atomic(false)

    var value: Bool { !isOver.load(ordering: .sequentiallyConsistent) }

    func end() { isOver.store(true, ordering: .sequentiallyConsistent) }
}
