// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore

/// An open directory, closed with its last reference.
final class Directory: Sendable {
    let fd: Int32
    /// The path it was opened by; for error texts and for opening it again.
    let path: String
    let device: UInt64
    let inode: UInt64

    private init(adopting fd: Int32, path: String) throws(FileError) {
        self.fd = fd
        self.path = path
        var status = stat()
        let failed = fstat(fd, &status) != 0
        let error = errno
        self.device = UInt64(status.st_dev)
        self.inode = UInt64(status.st_ino)
        if failed { throw FileError.system(error, path: path) }
    }

    deinit { close(fd) }

    /// Opens the directory at `path`. A symbolic link in the last component is followed only if `followsLink` is set.
    convenience init(path: String, followsLink: Bool) throws(FileError) {
        let fd = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW))
        if fd < 0 { throw FileError.system(errno, path: path) }
        try self.init(adopting: fd, path: path)
    }

    /// The directory `name` in `parent`.
    convenience init(_ name: String, in parent: Directory, followsLink: Bool = false) throws(FileError) {
        let path = "\(parent.path)/\(name)"
        let fd = openat(parent.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followsLink ? 0 : O_NOFOLLOW))
        if fd < 0 { throw FileError.system(errno, path: path) }
        try self.init(adopting: fd, path: path)
    }

    /// Opens `name`, creating it with `mode` if it is missing.
    func descend(
        _ name: String, making mode: mode_t, followsLink: Bool = false
    ) throws(FileError) -> (directory: Directory, wasMade: Bool) {
        do throws(FileError) {
            return (try Directory(name, in: self, followsLink: followsLink), false)
        } catch  where error.errno == ENOENT {
            let wasMade = mkdirat(fd, name, mode) == 0
            if !wasMade && errno != EEXIST { throw FileError.system(errno, path: "\(path)/\(name)") }
            let made = try Directory(name, in: self, followsLink: followsLink)
            // mkdir(2) applies the umask and ignores the set-group-ID bit.
            if wasMade, mode & ~0o700 != 0, fchmod(made.fd, mode) != 0 {
                throw FileError.system(errno, path: made.path)
            }
            return (made, wasMade)
        }
    }

    /// The names in it, without `.` and `..`, for which `isWanted` holds.
    func names(where isWanted: (String) -> Bool) throws(FileError) -> [String] {
        // A new descriptor with its own offset, which fdopendir(3) takes over.
        let copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if copy < 0 { throw FileError.system(errno, path: path) }
        guard let stream = fdopendir(copy) else {
            let error = errno
            close(copy)
            throw FileError.system(error, path: path)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { octets in
                String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != "..", isWanted(name) { names.append(name) }
        }
        if errno != 0 { throw FileError.system(errno, path: path) }
        return names
    }

    /// Removes the file `name`; one that is not there is no error.
    func remove(_ name: String) throws(FileError) {
        if unlinkat(fd, name, 0) != 0 && errno != ENOENT { throw FileError.system(errno, path: "\(path)/\(name)") }
    }

    /// The status of `name`, without following links; nil if there is nothing.
    func status(of name: String) throws(FileError) -> stat? {
        var status = stat()
        if fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
        if errno == ENOENT { return nil }
        throw FileError.system(errno, path: "\(path)/\(name)")
    }
}
