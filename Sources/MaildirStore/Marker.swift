// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import MailStore
public import Vocabulary

/// The file that identifies a place: a line `mailmove 1 IDENTITY`, made durable when created and never changed; in a
/// Maildir also a line `run MARK` for each run that has brought mail there. Those are appended without a sync of their
/// own, and a line torn by a power cut is ignored.
///
/// In a Maildir its name has no leading dot, which would make it a folder; elsewhere it has one, which no domain and no
/// local part has.
struct MarkerFile {
    static let inMaildir = "mailmove.marker"
    static let elsewhere = ".mailmove"

    var marker: StoreMarker
    var runs: Set<Int64> = []

    static func name(_ level: StoreLevel) -> String { level == .mailbox ? inMaildir : elsewhere }

    /// nil where it is missing, or torn.
    init?(_ level: StoreLevel, in directory: Directory) throws(FileError) {
        let name = Self.name(level)
        let fd = openat(directory.fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if fd < 0 {
            if errno == ENOENT || errno == ELOOP { return nil }
            throw .system(errno, path: "\(directory.path)/\(name)")
        }
        defer { close(fd) }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while octets.count < 4 << 20 {
            let count = read(fd, &piece, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EISDIR { return nil }
                throw .system(errno, path: "\(directory.path)/\(name)")
            }
            if count == 0 { break }
            octets += piece[..<count]
        }
        let lines = octets.split(separator: 10).map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
        guard let first = lines.first, first.count == 3, first[0] == "mailmove", first[1] == "1",
            let marker = StoreMarker(identity: first[2])
        else { return nil }
        self.marker = marker
        for line in lines.dropFirst() where line.count == 2 && line[0] == "run" && line[1].utf8.count == 16 {
            if let mark = UInt64(line[1], radix: 16) { runs.insert(Int64(bitPattern: mark)) }
        }
    }

    /// The marker in `directory`, created if there is none, and durable.
    /// - Returns: nil where nothing may be written there.
    static func settle(
        _ level: StoreLevel, in directory: Directory, mode: mode_t
    ) throws(FileError) -> StoreMarker? {
        if let file = try MarkerFile(level, in: directory) {
            // Its creator may not have synced it yet.
            fsync(directory.fd)
            return file.marker
        }
        let name = name(level)
        let marker = StoreMarker.random()
        let temporary = "\(name).\(marker.identity)"
        let fd = openat(directory.fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        if fd < 0 {
            // We may not write here; the places below are marked nevertheless.
            if errno == EACCES || errno == EPERM || errno == EROFS { return nil }
            throw .system(errno, path: "\(directory.path)/\(temporary)")
        }
        let line = Array("mailmove 1 \(marker.identity)\n".utf8)
        let isWhole = write(fd, line, line.count) == line.count && fsync(fd) == 0
        let failure = errno
        if close(fd) != 0 || !isWhole {
            unlinkat(directory.fd, temporary, 0)
            throw .system(isWhole ? errno : failure, path: "\(directory.path)/\(temporary)")
        }
        // If two create it at once, one wins; a torn one is replaced.
        var isMade = renameat2(directory.fd, temporary, directory.fd, name, UInt32(renameNoReplace)) == 0
        if !isMade, errno == EEXIST, let file = try MarkerFile(level, in: directory) {
            unlinkat(directory.fd, temporary, 0)
            fsync(directory.fd)
            return file.marker
        }
        isMade = isMade || renameat(directory.fd, temporary, directory.fd, name) == 0
        guard isMade, fsync(directory.fd) == 0 else {
            let error = errno
            unlinkat(directory.fd, temporary, 0)
            throw .system(error, path: "\(directory.path)/\(name)")
        }
        return marker
    }

    /// Notes that a run has brought mail. Durable with the next sync of the file system; a missing note only means that
    /// a restored backup may go unnoticed.
    static func note(_ run: Int64, at path: String) {
        let fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard fd >= 0 else { return }
        defer { close(fd) }
        let line = Array("run \(MessageName.hexadecimal(UInt64(bitPattern: run), digits: 16))\n".utf8)
        _ = write(fd, line, line.count)
    }
}

extension MaildirStore {
    /// The directories on the way to a mailbox that have markers.
    private func marked(_ account: EmailAddress) -> [(level: StoreLevel, path: String)] {
        let components = template.components(of: account)
        var levels: [(StoreLevel, String)] = [(.base, template.base)]
        if template.domainComponents > 0 {
            levels.append(
                (.domain, ([template.base] + components.prefix(template.domainComponents)).joined(separator: "/")))
        }
        levels.append((.mailbox, path(of: account, folder: .inbox)))
        return levels
    }

    public func markers(of account: EmailAddress) async throws(MailStoreError) -> StoreMarkers {
        let levels = marked(account)
        return try await lookUp(template.base) { () throws(FileError) -> StoreMarkers in
            var markers: StoreMarkers = [:]
            for (level, path) in levels {
                markers[level] = try Self.existing(path, isMaildir: level == .mailbox).flatMap {
                    directory throws(FileError) in try MarkerFile(level, in: directory)?.marker
                }
            }
            return markers
        }
    }

    private static func existing(_ path: String, isMaildir: Bool) throws(FileError) -> Directory? {
        do throws(FileError) {
            return try Directory(path: path, followsLink: !isMaildir)
        } catch  where error.errno == ENOENT {
            return nil
        }
    }

    public func markBase() async throws(MailStoreError) -> StoreMarker? {
        let base = template.base
        return try await lookUp(base) { [fileMode] () throws(FileError) -> StoreMarker? in
            guard let directory = try Self.existing(base, isMaildir: false) else { throw Self.missing(base) }
            return try MarkerFile.settle(.base, in: directory, mode: fileMode)
        }
    }

    public func adopt(_ account: EmailAddress) async throws(MailStoreError) -> StoreMarkers {
        try await onDevice(of: path(of: account, folder: .inbox)) { _ throws(FileError) -> StoreMarkers in
            var made: [Directory] = []
            let (_, markers) = try self.maildir(of: account, folder: .inbox, expecting: [:], made: &made)
            for directory in made where fsync(directory.fd) != 0 { throw .system(errno, path: directory.path) }
            return markers
        }
    }

    public func runs(of account: EmailAddress) async throws(MailStoreError) -> RunMarks {
        let tag = tag(of: account)
        let maildir = path(of: account, folder: .inbox)
        do throws(FileError) {
            return try await pool.run { () throws(FileError) in try self.runs(in: maildir, tag: tag) }
        } catch {
            throw MailStoreError(error)
        }
    }

    private func runs(in maildir: String, tag: String) throws(FileError) -> RunMarks {
        var runs: RunMarks = [:]
        guard let folders = try self.folders(of: maildir) else { return runs }
        if let directory = try Self.existing(maildir, isMaildir: true),
            let file = try MarkerFile(.mailbox, in: directory)
        {
            for run in file.runs { runs[run] = 0 }
        }
        for folder in folders {
            for place in ["new", "cur"] {
                _ = try Self.names(in: "\(folder)/\(place)") { name in
                    if MessageName.isOurs(name, tag: tag), let (run, number) = MessageName.run(name) {
                        runs[run] = max(runs[run] ?? 0, number)
                    }
                    return false
                }
            }
        }
        return runs
    }

    /// The error for a place that does not have its marker.
    static func unmarked(_ level: StoreLevel, _ path: String) -> FileError {
        let error = MailStoreError.unmarked(
            path, "its marker \(path)/\(MarkerFile.name(level)) is missing, or another's")
        return FileError(code: error.code, path: path, errno: 0, detail: error.detail)
    }
}
