// SPDX-License-Identifier: Apache-2.0

package import MailSource
import Synchronization
package import Waiting

/// A session in which the old server has just accepted a password: the run that follows continues in it, so that the
/// user logs in to the old server only once. A server that requires a pause between logins (`LOGIN-DELAY`) would delay
/// a second login.
///
/// It counts as a connection of login checks until a run has taken it or it has ended.
package final class CheckedSession: Sendable {
    private enum State: Sendable { case free, taken, ended }

    private let session: any MailboxSession
    private let places: [Turnstile<String>.Place]
    private let state = Mutex(State.free)
    private let changed = Alarm()

    /// - Parameter places: what it occupies until it is taken or has ended.
    package init(_ session: any MailboxSession, places: [Turnstile<String>.Place]) {
        self.session = session
        self.places = places
    }

    deinit {
        guard state.withLock({ $0 == .free }) else { return }
        reportForgotten("a checked session")
        session.abort()
    }

    /// Whether a run may still take it.
    var isFree: Bool { state.withLock { $0 == .free } }

    /// Gives the session to a run; nil if it has ended, in which case the mailbox is unlocked.
    func take() async -> (any MailboxSession)? {
        if change(to: .taken) {
            leave()
            return session
        }
        await changed.sleep(seconds: Self.longestFarewell)
        return nil
    }

    /// Ends it in order, unless a run takes it within this many seconds.
    package func end(after seconds: Double = 0) async {
        if seconds > 0 { await changed.sleep(seconds: seconds) }
        guard change(to: .ended) else { return await changed.sleep(seconds: Self.longestFarewell) }
        await Self.farewell(session)
        leave()
    }

    private func leave() {
        for place in places { place.giveUp() }
        changed.ring()
    }

    private func change(to new: State) -> Bool {
        state.withLock { state in
            guard state == .free else { return false }
            state = new
            return true
        }
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
