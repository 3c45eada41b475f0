// SPDX-License-Identifier: Apache-2.0

import POP3
import Records
import Synchronization

/// Checked sessions that wait for the first run of their account.
final class CheckedSessions: Sendable {
    private struct Entry: Sendable {
        var session: CheckedSession
        var sealed: [UInt8]?
        var generation: Int64
    }

    private let waiting = Mutex<[AccountRecord.ID: Entry]>([:])

    /// Puts a session where the account's run finds it.
    func put(_ session: CheckedSession, for account: AccountRecord, _ settings: MigrationSettings) {
        let entry = Entry(session: session, sealed: account.sealed, generation: settings.generation)
        waiting.withLock { $0[account.id] = entry }
        if !session.isFree { remove(session) }
    }

    /// The session that the account's password, as it is now sealed, has opened under these settings; nil where there is
    /// none. One that another has opened, or that is ending, has ended then.
    func take(for account: AccountRecord, _ settings: MigrationSettings) async -> POP3Session? {
        guard let entry = waiting.withLock({ $0.removeValue(forKey: account.id) }) else { return nil }
        guard entry.sealed == account.sealed, entry.generation == settings.generation else {
            await entry.session.end()
            return nil
        }
        return await entry.session.take()
    }

    /// Forgets one that has ended. There are never more than a few.
    func remove(_ session: CheckedSession) {
        waiting.withLock { waiting in
            guard let account = waiting.first(where: { $0.value.session === session })?.key else { return }
            waiting[account] = nil
        }
    }
}
