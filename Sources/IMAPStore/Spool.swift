// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import MailStore
import Synchronization

/// Files without names, in which messages wait until they are appended: what a crash leaves behind is nothing.
final class Spool: Sendable {
    /// Messages in one file, after which another is begun, so that what is delivered gives its room back.
    static let fileSize = 16 << 20

    let directory: String

    /// - Parameter directory: on a disk, not in memory.
    init(directory: String) { self.directory = directory }

    func file() throws(MailStoreError) -> SpoolFile {
        var fd = open(directory, CInt(openTemporary) | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o600)
        if fd < 0 {
            let path = "\(directory)/spool.\(UInt64.random(in: .min ... .max))"
            fd = open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0o600)
            if fd >= 0 { unlink(path) }
        }
        guard fd >= 0 else { throw Self.failure(errno, directory) }
        return SpoolFile(fd: fd, directory: directory)
    }

    static func failure(_ error: CInt, _ directory: String) -> MailStoreError {
        let code: MailStoreError.Code =
            switch error {
            case ENOSPC, EDQUOT: .full
            case EROFS: .readOnly
            case EACCES, EPERM: .refused
            default: .failed
            }
        return MailStoreError(
            code: code,
            detail:
                "\(directory), where messages wait on their way to the platform: \(String(cString: strerror(error)))")
    }
}

/// One of them; closed when its last message is gone.
final class SpoolFile: Sendable {
    private let fd: CInt
    private let directory: String

    init(fd: CInt, directory: String) { (self.fd, self.directory) = (fd, directory) }

    deinit { close(fd) }

    /// Writes all of `octets`; blocks.
    func write(_ octets: UnsafeRawBufferPointer, at offset: Int) throws(MailStoreError) {
        var rest = octets
        while !rest.isEmpty {
            let written = pwrite(fd, rest.baseAddress, rest.count, off_t(offset + octets.count - rest.count))
            if written < 0 {
                if errno == EINTR { continue }
                throw Spool.failure(errno, directory)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }

    /// Reads up to `room.count` octets; blocks. Fewer at the end of the file alone.
    func read(into room: UnsafeMutableRawBufferPointer, at offset: Int) throws(MailStoreError) -> Int {
        var count = 0
        while count < room.count {
            let found = pread(fd, room.baseAddress.map { $0 + count }, room.count - count, off_t(offset + count))
            if found < 0 {
                if errno == EINTR { continue }
                throw Spool.failure(errno, directory)
            }
            if found == 0 { break }
            count += found
        }
        return count
    }
}
