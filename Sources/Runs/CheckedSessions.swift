// SPDX-License-Identifier: Apache-2.0

package import MailSource
package import OldServerPolicy
package import Records
import Synchronization
import Waiting

/// Sessions in which the old server has just accepted a password: the run that follows continues in one, so that the
/// user logs in to the old server only once. A server that requires a pause between logins (`LOGIN-DELAY`) would delay
/// a second login.
///
/// A session belongs to the question that has opened it until a run has the place to go on in it. Until then the question
/// ends it, when its time is over or when the settings name another server; a run that ends without having taken it does.
package final class CheckedSessions: Sendable {
    package typealias Ticket = OldServerPolicy.Ticket

    private struct Entry: Sendable {
        var session: any MailboxSession
        var sealed: [UInt8]?
        var generation: Int64
        var domain: String
        /// Has the question end it.
        var end: @Sendable () -> Void
        let ended = Latch<Void>()
    }

    private let waiting = Mutex<[Ticket: Entry]>([:])

    package init() {}

    /// Puts a session where the account's run finds it.
    /// - Parameter end: has the question end it.
    package func put(
        _ session: any MailboxSession, of question: Ticket, for account: AccountRecord, _ settings: MigrationSettings,
        end: @escaping @Sendable () -> Void
    ) {
        let entry = Entry(
            session: session, sealed: account.sealed, generation: settings.generation, domain: settings.domain,
            end: end)
        waiting.withLock { $0[question] = entry }
    }

    /// The session that a question has opened with the account's password as now sealed, under these settings; nil if
    /// there is none. A session that was opened otherwise has ended when this returns.
    func take(of question: Ticket, for account: AccountRecord, _ settings: MigrationSettings) async
        -> (any MailboxSession)?
    {
        guard let entry = waiting.withLock({ $0.removeValue(forKey: question) }) else { return nil }
        defer { entry.ended.settle(()) }
        guard entry.sealed == account.sealed, entry.generation == settings.generation else {
            await Self.farewell(entry.session)
            return nil
        }
        return entry.session
    }

    /// Ends the question's session in order, if no run has taken it.
    package func end(_ question: Ticket) async {
        guard let entry = waiting.withLock({ $0.removeValue(forKey: question) }) else { return }
        await Self.farewell(entry.session)
        entry.ended.settle(())
    }

    /// Ends the domain's sessions that were opened under other settings than these.
    package func end(before settings: MigrationSettings) async {
        let ended = waiting.withLock { waiting in
            waiting.values.filter { $0.domain == settings.domain && $0.generation != settings.generation }
        }
        for entry in ended { entry.end() }
        for entry in ended { await entry.ended.wait() }
    }

    private static let longestFarewell = 1.0

    /// The mailbox is unlocked before anyone hears the answer. A server that is slow to say goodbye holds nobody up.
    package static func farewell(_ session: any SourceLine) async {
        // It does not matter whether it arrives.
        _ = try? await withDeadline(seconds: longestFarewell) {
            try await session.leave()
            await session.close()
        }
        session.abort()
    }
}
