// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import MailStore

/// The three directories of a Maildir, or of a folder in it, opened without following links.
struct MaildirPlace: Sendable {
    let tmp: Directory
    let new: Directory
    let cur: Directory
    /// By which a ``MailboxPlace`` names it.
    let path: String

    var place: MailboxPlace { MailboxPlace(path: path, device: tmp.device, inode: tmp.inode) }

    /// Makes what is missing of `tmp`, `new` and `cur` in `maildir`.
    init(making mode: mode_t, in maildir: Directory, made: inout [Directory]) throws(MailStoreError) {
        func descend(_ name: String) throws(MailStoreError) -> Directory {
            let (directory, wasMade) = try maildir.descend(name, making: mode)
            if wasMade { made.append(maildir) }
            return directory
        }
        // tmp last: a Maildir whose tmp is there is complete.
        cur = try descend("cur")
        new = try descend("new")
        tmp = try descend("tmp")
        path = maildir.path
    }

    /// Opens what is at `path`.
    init(path: String) throws(MailStoreError) {
        let maildir = try Directory(path: path, followsLink: false)
        tmp = try Directory("tmp", in: maildir)
        new = try Directory("new", in: maildir)
        cur = try Directory("cur", in: maildir)
        self.path = path
    }

    /// Whether `place` is this one, and not something else under the same path.
    func isSame(as place: MailboxPlace) -> Bool { place.device == tmp.device && place.inode == tmp.inode }

    /// Opens `place`.
    /// - Throws: ``MailStoreError`` `misplaced` where something else is at its path by now.
    init(_ place: MailboxPlace) throws(MailStoreError) {
        try self.init(path: place.path)
        guard isSame(as: place) else {
            throw MailStoreError(
                code: .misplaced, path: place.path, errno: 0,
                detail: "\(place.path): another directory stands here than when mail was staged in it; see whether "
                    + "its file system is mounted, or whether it was replaced")
        }
    }

    /// Moves `name` from `tmp/` to where mail programs see it; false where it is not in `tmp/`.
    func publish(_ name: String, seen: Bool) throws(MailStoreError) -> Bool {
        let source = MessageName.temporary(name)
        let (target, targetName) = seen ? (cur, name + ":2,S") : (new, name)
        if renameat2(tmp.fd, source, target.fd, targetName, UInt32(renameNoReplace)) == 0 { return true }
        switch errno {
        case ENOENT: return false
        case EEXIST:
            // Hard links, as a restored backup may have them: the same message, visible already.
            if let there = try target.status(of: targetName), let here = try tmp.status(of: source),
                there.st_ino == here.st_ino, there.st_dev == here.st_dev
            {
                try tmp.remove(source)
                return true
            }
            throw .system(EEXIST, path: "\(target.path)/\(targetName)")
        case EINVAL, ENOSYS, ENOTSUP:
            // The file system has no RENAME_NOREPLACE; names are unique for ever, so nothing is replaced.
            if renameat(tmp.fd, source, target.fd, targetName) == 0 { return true }
            if errno == ENOENT { return false }
            throw .system(errno, path: "\(target.path)/\(targetName)")
        case let error: throw .system(error, path: "\(target.path)/\(targetName)")
        }
    }
}
