// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore

/// The three directories of a Maildir, or of a folder in it, opened without following links.
struct MaildirPlace: Sendable {
    let tmp: Directory
    let new: Directory
    let cur: Directory
    /// The path by which a ``MailboxPlace`` names it.
    let path: String

    var place: MailboxPlace { MailboxPlace(path: path, device: tmp.device, inode: tmp.inode) }

    /// Creates whichever of `tmp`, `new` and `cur` are missing in `maildir`.
    init(making mode: mode_t, in maildir: Directory, made: inout [Directory]) throws(FileError) {
        func descend(_ name: String) throws(FileError) -> Directory {
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
    init(path: String) throws(FileError) {
        let maildir = try Directory(path: path, followsLink: false)
        tmp = try Directory("tmp", in: maildir)
        new = try Directory("new", in: maildir)
        cur = try Directory("cur", in: maildir)
        self.path = path
    }

    /// Whether `place` is this one, and not something else under the same path.
    /// - Parameter isShared: whether another machine may have named it, where the same file system has another number.
    func isSame(as place: MailboxPlace, isShared: Bool = false) -> Bool {
        (isShared || place.device == tmp.device) && place.inode == tmp.inode
    }

    /// Opens `place`.
    /// - Throws: ``MailStoreError`` `misplaced` if something else is at its path by now.
    init(_ place: MailboxPlace) throws(FileError) {
        try self.init(path: place.path)
        guard isSame(as: place) else {
            throw FileError(
                code: .misplaced, path: place.path, errno: 0,
                detail: "\(place.path): another directory stands here than when mail was staged in it; see whether "
                    + "its file system is mounted, or whether it was replaced")
        }
    }
}
