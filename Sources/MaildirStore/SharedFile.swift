// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore

/// Small files in a Maildir that mail servers write, too: each replaces them as a whole, under a lock file beside them.
extension Directory {
    private static let mostOctets = 4 << 20
    /// A lock that is older is nobody's any more.
    private static let staleSeconds = 120
    /// How long another's lock is waited for: twenty times this many microseconds.
    private static let pause: UInt32 = 50_000

    /// nil where there is no such file.
    func content(of name: String) throws(FileError) -> [UInt8]? {
        let fd = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if fd < 0 {
            if errno == ENOENT || errno == ELOOP { return nil }
            throw .system(errno, path: "\(path)/\(name)")
        }
        defer { close(fd) }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while octets.count < Self.mostOctets {
            let count = read(fd, &piece, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(errno, path: "\(path)/\(name)")
            }
            if count == 0 { break }
            octets += piece[..<count]
        }
        // What was read in part would be written back in part.
        guard octets.count < Self.mostOctets else { throw .system(EFBIG, path: "\(path)/\(name)") }
        return octets
    }

    /// Replaces a file by what `change` makes of it, durably; blocks.
    /// - Returns: false where another has locked it for too long: then it stays as it is.
    func replace(_ name: String, _ change: ([UInt8]) -> [UInt8]) throws(FileError) -> Bool {
        let lock = "\(name).lock"
        guard let fd = try lockFile(lock) else { return false }
        var isMade = false
        defer {
            close(fd)
            if !isMade { unlinkat(self.fd, lock, 0) }
        }
        let before = try content(of: name) ?? []
        let octets = change(before)
        if octets == before { return true }
        // As Dovecot has it: whoever may use the directory may use what is in it.
        var status = stat()
        let mode = try self.status(of: name)?.st_mode ?? (fstat(self.fd, &status) == 0 ? status.st_mode : 0o600)
        _ = fchmod(fd, mode & 0o666)
        guard write(fd, octets, octets.count) == octets.count, fsync(fd) == 0,
            renameat(self.fd, lock, self.fd, name) == 0
        else {
            throw .system(errno, path: "\(path)/\(lock)")
        }
        isMade = true
        if fsync(self.fd) != 0 { throw .system(errno, path: path) }
        return true
    }

    private func lockFile(_ lock: String) throws(FileError) -> Int32? {
        for _ in 0..<20 {
            let fd = openat(fd, lock, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            if fd >= 0 { return fd }
            guard errno == EEXIST else { throw .system(errno, path: "\(path)/\(lock)") }
            if let status = try status(of: lock), time(nil) - status.st_mtim.tv_sec > Self.staleSeconds {
                try remove(lock)
            } else {
                usleep(Self.pause)
            }
        }
        return nil
    }
}
