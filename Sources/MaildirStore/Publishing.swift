// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import MailStore
import Synchronization

extension MaildirStore {
    @discardableResult
    public func publish(_ staged: StagedBatch) async throws(MailStoreError) -> Publication {
        guard let place = MailboxPlace(encoded: staged.encoded) else { throw Self.strange }
        do throws(FileError) {
            let device = try await device(of: place)
            return try await device.pool.run { [device] () throws(FileError) -> Publication in
                defer { withExtendedLifetime(device) {} }
                guard let batch = MaildirBatch(staged) else {
                    throw FileError(code: .failed, path: place.path, errno: 0, detail: Self.strange.detail)
                }
                let maildir = try MaildirPlace(place)
                self.note(staged.run)
                var outcomes: [Publication.Outcome] = []
                for name in batch.names {
                    outcomes.append(try maildir.publish(name, seen: batch.seen) ? .visible : .takenAway)
                }
                return Publication(outcomes)
            }
        } catch {
            throw MailStoreError(error)
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
}

extension MaildirPlace {
    /// Moves `name` from `tmp/` to where mail programs see it, with its own flags or as seen; false if it is not in
    /// `tmp/`.
    func publish(_ name: String, seen: Bool) throws(FileError) -> Bool {
        let source = MessageName.temporary(name)
        let hasFlags = name.utf8.contains(UInt8(ascii: ":"))
        let (target, targetName) = hasFlags ? (cur, name) : seen ? (cur, name + ":2,S") : (new, name)
        if renameat2(tmp.fd, source, target.fd, targetName, UInt32(renameNoReplace)) == 0 { return true }
        switch errno {
        case ENOENT: return false
        case EEXIST:
            // Two hard links, as a restored backup may have: the same message, already visible.
            if let there = try target.status(of: targetName), let here = try tmp.status(of: source),
                there.st_ino == here.st_ino, there.st_dev == here.st_dev
            {
                try tmp.remove(source)
                return true
            }
            throw .system(EEXIST, path: "\(target.path)/\(targetName)")
        case EINVAL, ENOSYS, ENOTSUP:
            // Without RENAME_NOREPLACE on this file system: names are never reused, so nothing is replaced.
            if renameat(tmp.fd, source, target.fd, targetName) == 0 { return true }
            if errno == ENOENT { return false }
            throw .system(errno, path: "\(target.path)/\(targetName)")
        case let error: throw .system(error, path: "\(target.path)/\(targetName)")
        }
    }
}
