// SPDX-License-Identifier: Apache-2.0

import Glibc
import Records
import Synchronization

/// Keeps a second daemon from moving the same mail: `NAME-lock` beside the database, locked while the database is open.
///
/// Not the database itself: closing a descriptor of it would drop the locks SQLite has on it (fcntl(2)).
final class DatabaseLock: Sendable {
    private let descriptor: Int32
    /// Whether a database existed when the lock was last held: if it is missing now, it has been lost.
    let hasSeenDatabase: Bool
    /// A descriptor that is closed a second time may be another's by then, such as another database's.
    private let isReleased = Atomic(false)

    private static let mark = "database\n"

    /// Waits up to `seconds` for another holder to release the lock. Blocks.
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
        self.descriptor = descriptor
        hasSeenDatabase = Self.text(descriptor).hasSuffix(Self.mark)
        write(hasSeenDatabase)
    }

    /// Notes that the database exists, and must from now on.
    func sawDatabase() { if !hasSeenDatabase { write(true) } }

    /// The owner is written only for the error text above. The lock holds even if nothing can be written.
    private func write(_ hasSeenDatabase: Bool) {
        let text = "\(getpid())\n" + (hasSeenDatabase ? Self.mark : "")
        _ = pwrite(descriptor, text, text.utf8.count, 0)
        _ = ftruncate(descriptor, off_t(text.utf8.count))
    }

    /// Ends the lock; the file stays.
    func release() {
        if !isReleased.exchange(true, ordering: .relaxed) { close(descriptor) }
    }

    private static func owner(_ descriptor: Int32) -> String {
        let digits = text(descriptor).prefix { $0.isASCII && $0.isNumber }
        return digits.isEmpty ? "" : " (process \(digits))"
    }

    private static func text(_ descriptor: Int32) -> String {
        var octets = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &octets, octets.count, 0)
        return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
    }
}
