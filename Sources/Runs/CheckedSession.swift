// SPDX-License-Identifier: Apache-2.0

package import MailSource
import Synchronization
package import Waiting

/// A session in which the old server has just accepted a password: the run that follows goes on in it, so that the user
/// logs in over there once. A server that wants a pause between logins (`LOGIN-DELAY`) would put the second one off.
///
/// It is one of the connections of login checks until a run has taken it or it has ended.
package final class CheckedSession: Sendable {
    private enum State: Sendable { case free, taken, ended }

    private let session: any MailboxSession
    private let places: [Turnstile<String>.Place]
    private let state = Mutex(State.free)
    private let changed = Alarm()

    /// - Parameter places: what it takes up until it is taken or has ended.
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

    /// Gives the session to a run; nil where it is over. The mailbox is unlocked then.
    func take() async -> (any MailboxSession)? {
        if change(to: .taken) {
            leave()
            return session
        }
        await changed.sleep(seconds: Self.longestFarewell)
        return nil
    }

    /// Ends it in order unless a run takes it within so many seconds.
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

    /// The mailbox is unlocked before anyone is told of the answer. A server that takes its time over a farewell holds
    /// nobody up.
    package static func farewell(_ session: any SourceLine) async {
        // Whether it arrives changes nothing.
        _ = try? await withDeadline(seconds: longestFarewell) {
            try await session.leave()
            await session.close()
        }
        session.abort()
    }
}
