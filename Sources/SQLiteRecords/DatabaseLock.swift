// SPDX-License-Identifier: Apache-2.0

import Glibc
import Records

/// Keeps a second daemon from moving the same mail: `NAME-lock` beside the database, locked for as long as it is open.
///
/// Not the database itself: closing a descriptor of it would drop the locks SQLite has on it (fcntl(2)).
struct DatabaseLock: Sendable {
    private let descriptor: Int32

    /// Waits for `seconds` for another's lock to end. Blocks.
    init(of file: DatabaseFile, waiting seconds: Double) throws(RecordsError) {
        let path = file.path + "-lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            throw file.unavailable(
                """
                cannot be locked: \(path): \(String(cString: strerror(code))). Its folder must be there, writable for \
                this user and not full
                """, errno: code)
        }
        _ = fchmod(descriptor, 0o600)  // whatever the umask; not ours to change where it is another user's
        let step = 0.02
        var waited = 0.0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code != EINTR, code != EWOULDBLOCK || waited >= seconds {
                let owner = Self.owner(descriptor)
                close(descriptor)
                guard code == EWOULDBLOCK else {
                    throw file.unavailable("cannot be locked: \(path): \(String(cString: strerror(code)))")
                }
                throw file.unavailable("is in use by another mailmoved\(owner); end that one first", errno: code)
            }
            usleep(useconds_t(step * 1_000_000))
            waited += step
        }
        // For the text above alone; that it is there is not needed.
        let owner = "\(getpid())\n"
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, owner, owner.utf8.count, 0)
        self.descriptor = descriptor
    }

    /// Ends the lock; the file stays.
    func release() { close(descriptor) }

    private static func owner(_ descriptor: Int32) -> String {
        var octets = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &octets, octets.count, 0)
        guard count > 0 else { return "" }
        let digits = octets.prefix(count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}
