// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore
import MessageContent
import MessageIntake
import Vocabulary

/// Writes slabs into files in `tmp/`: the file side of a writer. Used by one job at a time.
struct Staging {
    private let folders: TargetFolders
    private let fileMode: mode_t
    private var name: MessageName
    private var scan: MessageScan
    /// The message that is being written.
    private var current: Current?

    private struct Current {
        var fd: Int32
        var directory: Directory
        var name: String
        var message: ListedMessage
        /// Octets added by the store that are still to come, and in all.
        var addedToCome: Int
        var added: Int
        var octets = 0
        var lineEnds = LineEnds()
    }

    /// - Parameter key: for the content hash.
    init(folders: TargetFolders, fileMode: mode_t, name: MessageName, key: ContentKey) {
        self.folders = folders
        self.fileMode = fileMode
        self.name = name
        self.scan = MessageScan(key: key)
    }

    /// Writes out `slab`. Appends completed messages to `staged`, even if a later message fails.
    mutating func write(_ slab: Slab, into staged: inout [StagedMessage]) throws(FileError) {
        do throws(FileError) {
            let octets = slab.octets
            var position = 0
            for mark in slab.marks {
                try append(octets[position..<mark.offset])
                position = mark.offset
                switch mark.kind {
                case .begin(let message, let added): try begin(message, added: added)
                case .end:
                    if let message = try end() { staged.append(message) }
                case .abandon: abandon()
                }
            }
            try append(octets[position...])
        } catch {
            abandon()
            throw error
        }
    }

    private mutating func begin(_ message: ListedMessage, added: Int) throws(FileError) {
        abandon()
        let directory = try folders.tmp(of: message.folder)
        let name = name.next()
        let fd = openat(directory.fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, fileMode)
        if fd < 0 { throw failure(name, in: directory) }
        current = Current(fd: fd, directory: directory, name: name, message: message, addedToCome: added, added: added)
        scan.reset()
        // The umask may have removed group rights.
        if fileMode & ~0o600 != 0, fchmod(fd, fileMode) != 0 { throw failure(name, in: directory) }
    }

    private mutating func append(_ octets: Slice<UnsafeRawBufferPointer>) throws(FileError) {
        guard !octets.isEmpty, var message = current else { return }
        var rest = UnsafeRawBufferPointer(rebasing: octets)
        while !rest.isEmpty {
            let written = Glibc.write(message.fd, rest.baseAddress, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw failure(message)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        message.octets += octets.count
        let added = min(message.addedToCome, octets.count)
        message.addedToCome -= added
        let own = UnsafeRawBufferPointer(rebasing: octets.dropFirst(added))
        message.lineEnds.append(own)
        current = message
        scan.append(own)
    }

    private mutating func end() throws(FileError) -> StagedMessage? {
        guard let message = current else { return nil }
        let (content, arrival) = scan.finish()
        let kept = KeptTime.of(told: message.message.date, stated: arrival, now: Int64(time(nil)))
        // Only the modification time is set, from which Dovecot takes the arrival time; cleaners of `tmp` look at the
        // others.
        let times = [
            timespec(tv_sec: 0, tv_nsec: Self.leaveTime),
            timespec(tv_sec: Int(kept), tv_nsec: 0),
        ]
        if futimens(message.fd, times) != 0 { throw failure(message) }
        // Network file systems report a full disk here.
        current?.fd = -1
        if close(message.fd) != 0 { throw failure(message) }
        current = nil
        let lineEnds = message.lineEnds.count + (message.added > 0 ? 1 : 0)
        return StagedMessage(
            message: message.message,
            handle: MessageName.full(message.name, octets: message.octets, lineEnds: lineEnds),
            octets: message.octets - message.added, content: content)
    }

    /// `UTIME_OMIT` of utimensat(2).
    private static let leaveTime = (1 << 30) - 2

    /// Abandons the message being written, and removes its file.
    mutating func abandon() {
        guard let message = current else { return }
        current = nil
        if message.fd >= 0 { close(message.fd) }
        // If this fails, the start of the next run removes it.
        unlinkat(message.directory.fd, message.name, 0)
    }

    private func failure(_ message: Current) -> FileError { failure(message.name, in: message.directory) }

    private func failure(_ name: String, in directory: Directory) -> FileError {
        .system(errno, path: "\(directory.path)/\(name)")
    }
}
