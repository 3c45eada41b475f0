// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import MailStore
import Synchronization

extension MaildirStore {
    /// Checks that the base directory exists and takes files, and that its file system has room. If it does not answer,
    /// that is reported within two seconds.
    public func check(expecting expected: StoreMarker?) async throws(MailStoreError) {
        let base = template.base
        let result = await probe.answer { () throws(FileError) -> Void in try Self.check(base, expected) }
        let answer = result ?? .failure(.unresponsive(base, after: Probe.patience))
        try MailStoreError.telling { () throws(FileError) in try answer.get() }
    }

    private static func check(_ path: String, _ expected: StoreMarker?) throws(FileError) {
        let base: Directory
        do throws(FileError) {
            base = try Directory(path: path, followsLink: true)
        } catch  where error.errno == ENOENT {
            throw missing(path)
        }
        if let expected, try MarkerFile(.base, in: base)?.marker != expected { throw unmarked(.base, path) }
        // A file without a name leaves nothing behind (open(2), O_TMPFILE).
        let probe = openat(base.fd, ".", Int32(openTemporary) | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o600)
        if probe >= 0 {
            close(probe)
        } else if errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL {
            if faccessat(base.fd, ".", W_OK | X_OK, AT_EACCESS) != 0 { throw .system(errno, path: base.path) }
        } else {
            throw .system(errno, path: base.path)
        }
        var room = statvfs()
        if fstatvfs(base.fd, &room) == 0, room.f_blocks > 0, room.f_bavail == 0 {
            throw .system(ENOSPC, path: base.path)
        }
    }
}

/// Asks the file system from time to time, on a thread of its own. While a question remains unanswered beyond all
/// patience, no other is asked.
final class Probe: Sendable {
    static let patience = Duration.seconds(2)

    private let pool = FilePool(threads: 1)
    /// When the unanswered question was asked.
    private let asked = Mutex<ContinuousClock.Instant?>(nil)

    /// nil if no answer comes in time.
    func answer(
        to question: @escaping @Sendable () throws(FileError) -> Void
    ) async -> Result<Void, FileError>? {
        if let asked = asked.withLock({ $0 }), .now - asked > Self.patience { return nil }
        return await pool.run(within: Self.patience) { () -> Result<Void, FileError> in
            self.asked.withLock { $0 = .now }
            defer { self.asked.withLock { $0 = nil } }
            do throws(FileError) { return .success(try question()) } catch { return .failure(error) }
        }
    }
}
