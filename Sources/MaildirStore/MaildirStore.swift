// SPDX-License-Identifier: Apache-2.0

import CLinux
import CSodium
import Glibc
public import MailStore
import Synchronization
public import Vocabulary

/// Mail kept in Maildirs, each message exactly once.
///
/// 1. ``open(_:options:intended:)`` makes the account's Maildir and gives a ``MaildirWriter``.
/// 2. The writer puts messages into `tmp/`, where no mail program looks, under names that are never used again.
/// 3. ``sync(_:)`` makes them durable, with all else that was written on the same file system.
/// 4. The caller records their names as intended.
/// 5. ``publish(_:)`` renames them into `new/`. A rename is atomic: the file is in `tmp/` or it is not.
/// 6. The next ``sync(_:)`` makes the renames durable; the caller records the messages as moved.
///
/// So, after a crash, an intended file that has left this very `tmp/` was delivered, whatever the user did with it
/// since, and one that is still there was not (``recover(_:recordedAt:)``).
public final class MaildirStore: MailStore {
    private let template: PathTemplate
    let hashKey: [UInt8]
    private let directoryMode: mode_t
    private let fileMode: mode_t
    let pool: FilePool
    private let syncBudget: Duration
    private let unsynced = Unsynced()
    /// Kept alive by their writers, so that no file system is held once nothing is written there.
    private let devices = Mutex<[UInt64: WeakDevice]>([:])

    private struct WeakDevice {
        weak var device: DeviceSync?
    }

    /// - Parameters:
    ///   - path: where Maildirs are: an absolute path with `%u` for the address, `%n` its local part, `%d` its domain
    ///     and `%%`. What stands before the first component with one of these must exist.
    ///   - hashKey: 16 to 64 octets, the same for as long as content hashes are to be compared.
    ///   - pool: on whose threads all is done that waits for a disk.
    ///   - directoryMode: of what is made; `0o2770` lets a group in.
    ///   - fileMode: of messages.
    ///   - syncBudget: when making a whole file system durable takes longer, files are synced one by one for a while.
    /// - Throws: ``MailStoreError`` when `path` cannot be such a template, or the key has the wrong length.
    public init(
        path: String, hashKey: [UInt8], pool: FilePool, directoryMode: UInt32 = 0o700, fileMode: UInt32 = 0o600,
        syncBudget: Duration = .milliseconds(500)
    ) throws(MailStoreError) {
        template = try PathTemplate(path)
        guard (16...64).contains(hashKey.count), sodium_init() >= 0 else {
            throw MailStoreError(
                code: .failed, path: path, errno: 0, detail: "the key for content hashes needs 16 to 64 octets")
        }
        self.hashKey = hashKey
        self.pool = pool
        self.directoryMode = directoryMode
        self.fileMode = fileMode
        self.syncBudget = syncBudget
    }

    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) -> any MailboxWriter {
        let folder = try FolderName(options.folder)
        return try await pool.run { () throws(MailStoreError) -> MaildirWriter in
            var made: [Directory] = []
            let maildir = try self.maildir(of: account, folder: folder, made: &made)
            let tag = self.tag(of: account)
            try Self.sweep(maildir.tmp, tag: tag, keeping: intended)
            self.unsynced.add([], directories: made.map(\.path), in: maildir.place)
            return MaildirWriter(
                place: maildir.place, directory: maildir.tmp, options: options, pool: self.pool,
                unsynced: self.unsynced, device: try self.device(of: maildir.place),
                staging: Staging(
                    directory: maildir.tmp, fileMode: self.fileMode, name: MessageName(tag: tag), key: self.hashKey))
        }
    }

    public func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) {
        let folder = try FolderName(options.folder)
        try await pool.run { () throws(MailStoreError) -> Void in
            do throws(MailStoreError) {
                let tmp = try Directory(path: self.path(of: account, folder: folder) + "/tmp", followsLink: false)
                try Self.sweep(tmp, tag: self.tag(of: account), keeping: intended)
            } catch  where error.errno == ENOENT {
                // Nothing was ever staged there.
            }
        }
    }

    private static func sweep(
        _ tmp: Directory, tag: String, keeping intended: [StagedBatch]
    ) throws(MailStoreError) {
        let kept = Set(intended.flatMap { $0.names.map(MessageName.temporary) })
        for stale in try tmp.names(where: { MessageName.isOurs($0, tag: tag) && !kept.contains($0) }) {
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
        try await pool.run { () throws(MailStoreError) -> [Bool] in
            let maildir = try MaildirPlace(batch.place)
            var wereStaged: [Bool] = []
            for name in batch.names { wereStaged.append(try maildir.publish(name, seen: batch.seen)) }
            return wereStaged
        }
    }

    public func check(folder: String) throws(MailStoreError) { _ = try FolderName(folder) }

    /// Whether the directory that all Maildirs are below exists and takes files, and its file system has room.
    public func check() async throws(MailStoreError) {
        try await pool.run { [template] () throws(MailStoreError) -> Void in
            let base: Directory
            do throws(MailStoreError) {
                base = try Directory(path: template.base, followsLink: true)
            } catch  where error.errno == ENOENT {
                throw Self.missing(template.base)
            }
            // A file without a name leaves nothing behind (open(2), O_TMPFILE).
            let probe = openat(base.fd, ".", Int32(openTemporary) | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o600)
            if probe >= 0 {
                close(probe)
            } else if errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL {
                if faccessat(base.fd, ".", W_OK | X_OK, AT_EACCESS) != 0 { throw .system(errno, path: base.path) }
            } else {
                throw .system(errno, path: base.path)
            }
            var room = statvfs()
            if fstatvfs(base.fd, &room) == 0, room.f_blocks > 0, room.f_bavail == 0 {
                throw .system(ENOSPC, path: base.path)
            }
        }
    }

    private static func missing(_ base: String) -> MailStoreError {
        MailStoreError(
            code: .misplaced, path: base, errno: ENOENT,
            detail: "\(base) does not exist, and is not made, because its file system may just not be mounted; "
                + "mount it, or make it: install -d -m 0750 -o \(geteuid()) \(base)")
    }

    // MARK: Inside

    /// Where `account` has its Maildir, or a folder in it.
    func path(of account: EmailAddress, folder: FolderName) -> String {
        ([template.base] + template.components(of: account) + (folder.directory.map { [$0] } ?? []))
            .joined(separator: "/")
    }

    /// Opens `account`'s Maildir, making what is missing of it; the parents of what was made are added to `made`.
    private func maildir(
        of account: EmailAddress, folder: FolderName, made: inout [Directory]
    ) throws(MailStoreError) -> MaildirPlace {
        var directory: Directory
        do throws(MailStoreError) {
            directory = try Directory(path: template.base, followsLink: true)
        } catch  where error.errno == ENOENT {
            throw Self.missing(template.base)
        }
        let components = template.components(of: account)
        for (index, component) in components.enumerated() {
            // An administrator may spread domains over disks by links; the Maildir itself is its user's.
            let isMaildir = index == components.count - 1
            let (next, wasMade) = try directory.descend(component, making: directoryMode, followsLink: !isMaildir)
            if wasMade { made.append(directory) }
            directory = next
        }
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
        return try MaildirPlace(making: directoryMode, in: directory, made: &made)
    }

    /// By which an account's files are told from those of others that may share its Maildir.
    func tag(of account: EmailAddress) -> String {
        let hasher = ContentHasher(key: hashKey)
        Array("maildir \(account)".utf8).withUnsafeBytes { hasher.update($0) }
        return MessageName.hexadecimal(UInt64(bitPattern: hasher.finish().value) >> 32, digits: 8)
    }

    private func sync(onOneDevice places: Set<MailboxPlace>) async -> [MailboxPlace: MailStoreError] {
        enum Answer { case success(DeviceSync), failure([MailboxPlace: MailStoreError]) }
        let answer = await pool.run { () -> Answer in
            // Any place that is still there will do.
            var failures: [MailboxPlace: MailStoreError] = [:]
            for place in places {
                do throws(MailStoreError) { return .success(try self.device(of: place)) } catch {
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

    /// The file system that `place` is on.
    private func device(of place: MailboxPlace) throws(MailStoreError) -> DeviceSync {
        if let known = devices.withLock({ $0[place.device]?.device }) { return known }
        let directory = try MaildirPlace(place).tmp
        return devices.withLock { devices in
            if let known = devices[place.device]?.device { return known }
            let device = DeviceSync(directory: directory, pool: pool, unsynced: unsynced, budget: syncBudget)
            devices[place.device] = WeakDevice(device: device)
            return device
        }
    }
}
