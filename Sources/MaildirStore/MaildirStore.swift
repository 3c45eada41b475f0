// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailStore
public import MessageContent
import Synchronization
public import Vocabulary

/// Mail kept in Maildirs, each message exactly once.
///
/// 1. ``open(_:options:intended:expecting:)`` creates the account's Maildir and returns a ``MaildirWriter``.
/// 2. The writer puts messages into `tmp/`, where no mail program looks, under names that are never reused.
/// 3. ``sync(_:)`` makes them durable, with everything else written on the same file system.
/// 4. The caller records their names as intended.
/// 5. ``publish(_:)`` renames them into `new/`. A rename is atomic: the file is in `tmp/` or it is not.
/// 6. The next ``sync(_:)`` makes the renames durable; the caller records the messages as moved.
///
/// So, after a crash, an intended file that has left this very `tmp/` was delivered, whatever the user has done with it
/// since; one that is still there was not (``recover(_:of:isRecent:)``).
///
/// Each file system has its own threads for everything written there: one that is slow, or does not answer, holds up no
/// other.
public final class MaildirStore: MailStore {
    let template: PathTemplate
    let layout: FolderLayout
    public let folderNames: FolderNames
    public let traits = StoreTraits(kind: "maildir")
    let contentKey: ContentKey
    private let directoryMode: mode_t
    let fileMode: mode_t
    /// For reading.
    let pool: FilePool
    /// For finding out which file system a path is on.
    let lookups = FilePool(threads: 32)
    let probe = Probe()
    let patience: Duration
    let devices: Devices
    private let unsynced = Unsynced()
    /// The latest run that was noted in each marker.
    let isShared: Bool
    let noted = Mutex<[String: Int64]>([:])

    /// - Parameters:
    ///   - path: where Maildirs are: an absolute path with `%u` for the address, `%n` for its local part, `%d` for its
    ///     domain, and `%%`. The part before the first component with one of these must exist.
    ///   - contentKey: for content hashes, and for the tags that distinguish accounts in file names.
    ///   - pool: its threads read mail; each file system gets as many of its own for writing.
    ///   - layout: how folders lie below a Maildir.
    ///   - specialFolders: what the platform calls them, with `/` between levels.
    ///   - isShared: whether other machines deliver into the same Maildirs.
    ///   - directoryMode: for created directories; `0o2770` gives a group access.
    ///   - fileMode: for messages.
    ///   - syncBudget: if making a whole file system durable takes longer, files are synced one by one for a while.
    ///   - patience: how long a mailbox's file system may take to open it, or to end what a crash interrupted.
    /// - Throws: ``MailStoreError`` if `path` is not a valid template.
    public init(
        path: String, contentKey: ContentKey, pool: FilePool, layout: FolderLayout = .maildirPlusPlus,
        specialFolders: [SpecialUse: String] = SpecialUse.usualNames, isShared: Bool = false,
        directoryMode: UInt32 = 0o700,
        fileMode: UInt32 = 0o600, syncBudget: Duration = .milliseconds(500), patience: Duration = .seconds(30)
    ) throws(MailStoreError) {
        template = try MailStoreError.telling { () throws(FileError) in try PathTemplate(path) }
        self.layout = layout
        folderNames = FolderNames(
            special: specialFolders, unholdable: FolderName.unholdable(layout), reserved: FolderName.reserved(layout))
        self.contentKey = contentKey
        self.pool = pool
        self.isShared = isShared
        self.directoryMode = directoryMode
        self.fileMode = fileMode
        self.patience = patience
        devices = Devices(threads: pool.threads, unsynced: unsynced, syncBudget: syncBudget)
    }

    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch], expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> any MailboxWriter {
        let path = path(of: account, folder: .inbox)
        return try await onDevice(of: path) { isAwaited throws(FileError) -> MaildirWriter in
            let tag = self.tag(of: account)
            let name = MessageName(tag: tag)
            var made: [Directory] = []
            let (maildir, markers) = try self.maildir(of: account, folder: .inbox, expecting: expected, made: &made)
            self.unsynced.add([], directories: made.map(\.path), in: maildir.place)
            for folder in try self.folders(of: path) ?? [] {
                try Self.sweep(folder, tag: tag, keeping: intended, while: isAwaited)
            }
            let run = StagedRun(
                mark: name.run, last: 0, markers: markers, note: "\(path)/\(MarkerFile.inMaildir)")
            let targets = TargetFolders(
                options.folders.map { FolderName($0, self.layout) }, inbox: maildir,
                device: self.devices.device(of: maildir.tmp)
            ) { (folder) throws(FileError) in try self.open(folder, of: account, expecting: markers) }
            return MaildirWriter(
                folders: targets, run: run, options: options, unsynced: self.unsynced,
                staging: Staging(folders: targets, fileMode: self.fileMode, name: name, key: self.contentKey))
        }
    }

    /// Opens a folder of `account`'s Maildir, which is made where it is missing.
    private func open(
        _ folder: FolderName, of account: EmailAddress, expecting expected: StoreMarkers
    ) throws(FileError) -> (place: MaildirPlace, device: DeviceSync) {
        var made: [Directory] = []
        let (maildir, _) = try self.maildir(of: account, folder: folder, expecting: expected, made: &made)
        unsynced.add([], directories: made.map(\.path), in: maildir.place)
        return (maildir, devices.device(of: maildir.tmp))
    }

    public func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) {
        let path = path(of: account, folder: .inbox)
        try await onDevice(of: path) { isAwaited throws(FileError) -> Void in
            for folder in try self.folders(of: path) ?? [] {
                try Self.sweep(folder, tag: self.tag(of: account), keeping: intended, while: isAwaited)
            }
        }
    }

    /// Removes nothing more once nobody waits for it: another run may have begun to stage there. Only files listed
    /// before that can be removed, and none of those is the new run's.
    private static func sweep(
        _ folder: String, tag: String, keeping intended: [StagedBatch], while isAwaited: () -> Bool
    ) throws(FileError) {
        let tmp: Directory
        do throws(FileError) {
            tmp = try Directory(path: folder + "/tmp", followsLink: false)
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return  // it holds other folders alone
        }
        let kept = Self.temporaryNames(intended)
        for stale in try tmp.names(where: { MessageName.isOurs($0, tag: tag) && !kept.contains($0) }) {
            guard isAwaited() else { return }
            try tmp.remove(stale)
        }
    }

    /// The names of the messages of `batches` in `tmp/`.
    static func temporaryNames(_ batches: [StagedBatch]) -> Set<String> {
        Set(batches.compactMap { MaildirBatch($0) }.flatMap { $0.names.map(MessageName.temporary) })
    }

    public func batch(encoded: [UInt8]) -> StagedBatch? { MaildirBatch(encoded: encoded)?.staged() }

    public func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool { MaildirBatch.join(next, to: &batch) }

    public func takenAway(_ count: Int, from batch: StagedBatch) -> MailStoreError {
        let path = MaildirBatch(batch)?.place.path ?? template.base
        return MailStoreError(
            code: .misplaced,
            detail:
                "\(path)/tmp: \(count) messages were taken away before they were delivered; they are fetched again. "
                + "See that nothing cleans up files there that are younger than a day")
    }

    /// The error for a batch of another store.
    static let strange = MailStoreError(
        code: .failed, detail: "what was staged is no batch of Maildirs: see whether mailStore.kind was changed")

    public func check(folder: String) throws(MailStoreError) {
        _ = try MailStoreError.telling { () throws(FileError) in try FolderName.check(folder) }
    }

    static func missing(_ base: String) -> FileError {
        FileError(
            code: .misplaced, path: base, errno: ENOENT,
            detail: "\(base) does not exist, and is not made, because its file system may just not be mounted; "
                + "mount it, or make it: install -d -m 0750 -o \(geteuid()) \(base)")
    }

    // MARK: Inside

    /// The path of a folder of `account`'s Maildir.
    func path(of account: EmailAddress, folder: FolderName) -> String {
        ([template.base] + template.components(of: account) + folder.directories).joined(separator: "/")
    }

    /// Opens `account`'s Maildir, creating what is missing and not `expected`; parents of created directories are added
    /// to `made`.
    func maildir(
        of account: EmailAddress, folder: FolderName, expecting expected: StoreMarkers, made: inout [Directory]
    ) throws(FileError) -> (place: MaildirPlace, markers: StoreMarkers) {
        var directory: Directory
        do throws(FileError) {
            directory = try Directory(path: template.base, followsLink: true)
        } catch  where error.errno == ENOENT {
            throw Self.missing(template.base)
        }
        var markers: StoreMarkers = [:]
        func settle(_ level: StoreLevel, _ directory: Directory) throws(FileError) {
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
            // Links may lead to other disks, as an administrator arranges; but the Maildir itself belongs to its user.
            let isMaildir = index == components.count - 1
            let level: StoreLevel = index < template.domainComponents ? .domain : .mailbox
            let path = "\(directory.path)/\(component)"
            if expected[.mailbox] != nil || level == .domain && expected[.domain] != nil {
                do throws(FileError) {
                    directory = try Directory(component, in: directory, followsLink: !isMaildir)
                } catch  where error.errno == ENOENT {
                    throw Self.unmarked(level, path)
                }
            } else {
                let (next, wasMade) = try directory.descend(component, making: directoryMode, followsLink: !isMaildir)
                if wasMade { made.append(directory) }
                directory = next
            }
            // A domain on the base's own file system needs no marker of its own.
            let isOwn = directory.device != base.device || expected[.domain] != nil
            if index == template.domainComponents - 1, isOwn { try settle(.domain, directory) }
        }
        try settle(.mailbox, directory)
        guard !folder.directories.isEmpty else {
            return (try MaildirPlace(making: directoryMode, in: directory, made: &made), markers)
        }
        // A folder must be in a complete Maildir.
        _ = try MaildirPlace(making: directoryMode, in: directory, made: &made)
        for name in folder.directories {
            let (next, wasMade) = try directory.descend(name, making: directoryMode)
            if wasMade { made.append(directory) }
            directory = next
        }
        if layout == .maildirPlusPlus {
            let mark = openat(directory.fd, "maildirfolder", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, fileMode)
            if mark >= 0 {
                close(mark)
            } else if errno != EEXIST {
                throw .system(errno, path: "\(directory.path)/maildirfolder")
            }
        }
        return (try MaildirPlace(making: directoryMode, in: directory, made: &made), markers)
    }

    /// Distinguishes an account's files from those of others that may share its Maildir.
    func tag(of account: EmailAddress) -> String {
        MessageName.hexadecimal(contentKey.names(Array("maildir \(account)".utf8)) >> 32, digits: 8)
    }
}
