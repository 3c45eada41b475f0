// SPDX-License-Identifier: Apache-2.0

import MailSource
package import Records
import Synchronization

/// Checked sessions that wait for the first run of their account.
package final class CheckedSessions: Sendable {
    private struct Entry: Sendable {
        var session: CheckedSession
        var sealed: [UInt8]?
        var generation: Int64
        var domain: String
    }

    private let waiting = Mutex<[AccountRecord.ID: Entry]>([:])

    package init() {}

    /// Puts a session where the account's run finds it.
    package func put(_ session: CheckedSession, for account: AccountRecord, _ settings: MigrationSettings) {
        let entry = Entry(
            session: session, sealed: account.sealed, generation: settings.generation, domain: settings.domain)
        waiting.withLock { $0[account.id] = entry }
        if !session.isFree { remove(session) }
    }

    /// The session opened with the account's password as now sealed, under these settings; nil if there is none. A
    /// session that was opened otherwise, or is about to end, has ended when this returns.
    func take(for account: AccountRecord, _ settings: MigrationSettings) async -> (any MailboxSession)? {
        guard let entry = waiting.withLock({ $0.removeValue(forKey: account.id) }) else { return nil }
        guard entry.sealed == account.sealed, entry.generation == settings.generation else {
            await entry.session.end()
            return nil
        }
        return await entry.session.take()
    }

    /// Ends the domain's sessions that were opened under other settings than these.
    package func end(before settings: MigrationSettings) async {
        let ended = waiting.withLock { waiting in
            let ended = waiting.filter {
                $0.value.domain == settings.domain && $0.value.generation != settings.generation
            }
            for account in ended.keys { waiting[account] = nil }
            return ended.values.map(\.session)
        }
        await withTaskGroup(of: Void.self) { group in
            for session in ended { group.addTask { await session.end() } }
        }
    }

    /// Forgets a session that has ended. There are never more than a few.
    package func remove(_ session: CheckedSession) {
        waiting.withLock { waiting in
            guard let account = waiting.first(where: { $0.value.session === session })?.key else { return }
            waiting[account] = nil
        }
    }
}
