// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore
import Synchronization

/// Calls to a file system run on its own threads, and callers wait only as long as their patience lasts.
extension MaildirStore {
    /// Runs `body`, which queries the file system at `path`, with a time limit.
    func lookUp<Answer: Sendable>(
        _ path: String, _ body: @escaping @Sendable () throws(FileError) -> Answer
    ) async throws(MailStoreError) -> Answer {
        let answer = await lookups.run(within: patience) { () -> Result<Answer, FileError> in
            do throws(FileError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try tell(answer, of: path)
    }

    /// Everything written on the file system of `place` goes through this.
    func device(of place: MailboxPlace) async throws(FileError) -> DeviceSync {
        try await lookups.run { () throws(FileError) in try self.devices.device(of: place) }
    }

    /// Runs `body` on a thread of the file system that the Maildir at `path` is on, or will be, with a time limit;
    /// `body` can ask whether anybody still waits.
    func onDevice<Answer: Sendable>(
        of path: String,
        _ body: @escaping @Sendable (_ isAwaited: () -> Bool) throws(FileError) -> Answer
    ) async throws(MailStoreError) -> Answer {
        let deadline = ContinuousClock.now + patience
        let found = await lookups.run(within: patience) { [template] () -> Result<DeviceSync, FileError> in
            do throws(FileError) {
                return .success(self.devices.device(of: try Self.deepest(of: path, from: template.base)))
            } catch {
                return .failure(error)
            }
        }
        let device = try tell(found, of: path)
        let isAwaited = Awaited()
        let answer = await device.pool.run(within: deadline - .now) { () -> Result<Answer, FileError> in
            defer { withExtendedLifetime(device) {} }
            do throws(FileError) { return .success(try body { isAwaited.value }) } catch { return .failure(error) }
        }
        if answer == nil { isAwaited.end() }
        return try tell(answer, of: path)
    }

    private func tell<Answer>(
        _ answer: Result<Answer, FileError>?, of path: String
    ) throws(MailStoreError) -> Answer {
        let answer = answer ?? .failure(.unresponsive(path, after: patience))
        return try MailStoreError.telling { () throws(FileError) in try answer.get() }
    }

    /// The directory at `path`, or its nearest existing parent.
    private static func deepest(of path: String, from base: String) throws(FileError) -> Directory {
        // Errors on the way are reported when the directory is used. The last component belongs to its user, so a link
        // there is not followed.
        if let maildir = try? Directory(path: path, followsLink: false) { return maildir }
        var path = Substring(path)
        while let slash = path.lastIndex(of: "/"), path[..<slash].utf8.count > base.utf8.count {
            path = path[..<slash]
            if let directory = try? Directory(path: String(path), followsLink: true) { return directory }
        }
        do throws(FileError) {
            return try Directory(path: base, followsLink: true)
        } catch  where error.errno == ENOENT {
            throw missing(base)
        }
    }
}

/// Whether somebody waits for an answer.
private final class Awaited: Sendable {
    private let isOver = Atomic(false)

    var value: Bool { !isOver.load(ordering: .sequentiallyConsistent) }

    func end() { isOver.store(true, ordering: .sequentiallyConsistent) }
}
