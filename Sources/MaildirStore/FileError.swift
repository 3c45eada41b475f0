// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore

/// What went wrong with a file: the store's errors as distinguished internally.
struct FileError: Error, Hashable {
    var code: MailStoreError.Code
    var path: String
    /// The system's error number, 0 where there was none.
    var errno: Int32
    /// Names the path and what to do.
    var detail: String
}

extension MailStoreError {
    init(_ error: FileError) { self.init(code: error.code, detail: error.detail) }

    /// Runs `body`, turning its errors into those shown to the outside.
    static func telling<Answer>(_ body: () throws(FileError) -> Answer) throws(MailStoreError) -> Answer {
        do throws(FileError) { return try body() } catch { throw MailStoreError(error) }
    }
}

extension FileError {
    /// What the system answered at `path`, and what to do about it.
    static func system(_ number: Int32, path: String) -> FileError {
        let (code, advice): (MailStoreError.Code, String)
        switch number {
        case ENOSPC: (code, advice) = (.full, "free space or inodes on this file system")
        case EDQUOT: (code, advice) = (.full, "raise the file system quota of the daemon's user or group")
        case EROFS: (code, advice) = (.readOnly, "mount the file system writable (was it remounted after an error?)")
        case EACCES, EPERM:
            (code, advice) = (
                .refused,
                "give the user that mailmoved runs as (uid \(geteuid())) write access here and search access above"
            )
        case ENOENT: (code, advice) = (.misplaced, "make it, or see whether its file system is mounted")
        case ENOTDIR, ELOOP:
            (code, advice) = (
                .misplaced, "a file or a symbolic link stands where a directory should be; move it out of the way"
            )
        case EMFILE, ENFILE: (code, advice) = (.failed, "allow the daemon more open files (LimitNOFILE=)")
        case ENAMETOOLONG: (code, advice) = (.failed, "choose a shorter mailStore.maildir.path or folder name")
        case EIO: (code, advice) = (.failed, "the device fails; see the kernel's log")
        default: (code, advice) = (.failed, "see the system's log")
        }
        return FileError(
            code: code, path: path, errno: number, detail: "\(path): \(String(cString: strerror(number))); \(advice)")
    }

    /// Nothing came back from `path` in time.
    static func unresponsive(_ path: String, after patience: Duration) -> FileError {
        FileError(
            code: .unresponsive, path: path, errno: 0,
            detail: "\(path): the file system has not answered for \(Int(patience.seconds)) s; see whether its disk or "
                + "server works (the kernel's log), and whether it is frozen (fsfreeze, a snapshot)")
    }
}
