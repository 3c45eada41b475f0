// SPDX-License-Identifier: Apache-2.0

import DequeModule
import MailStore
import NIOCore
import Synchronization
import Vocabulary
import Waiting

/// The connections to the platform: each account that is moved has one, all of them a bounded number of places.
///
/// Who needs a place waits for it in order. One that nobody uses is given up at once when others wait, and after a while
/// anyway; one whose account is still moving, after its time is up, so that a long move makes everybody's slower and
/// holds up nobody's.
final class PlatformConnections: Sendable {
    /// Who has a place.
    private enum Holder: Hashable, Sendable {
        case account(EmailAddress)
        /// Who only looks whether the platform is there: one at a time.
        case guest
    }

    /// An account's place.
    private struct Seat: Sendable {
        /// nil until it is opened.
        var line: MailboxLine?
        /// Left behind by another account, and to be closed first.
        var leftover: MailboxLine?
        var isInUse = true
        /// Since when it has had the place, or nobody has used it.
        var since = ContinuousClock.now
    }

    private struct State: Sendable {
        var seats: [Holder: Seat] = [:]
        /// Those that wait for a place; whether they have got it.
        var line = Deque<(holder: Holder, turn: Latch<Bool>)>()
        /// Those that wait until the holder's place is free, beside the one that uses or awaits it.
        var turns: [Holder: Deque<Latch<Void>>] = [:]
        /// How many writers of the account are open.
        var keepers: [Holder: Int] = [:]
        var isAlarmSet = false
        var isStopping = false
        var isClosed = false
    }

    /// How long a moving account keeps its place while others wait.
    private static let slice = Duration.seconds(20)
    /// How long a place that nobody uses is kept for the next.
    private static let idle = Duration.seconds(10)

    private let width: Int
    private let loop: any EventLoop
    private let open: @Sendable (EmailAddress) async throws(MailStoreError) -> MailboxLine
    private let state = Mutex(State())

    /// - Parameters:
    ///   - loop: for times.
    ///   - open: connects and logs in.
    init(
        width: Int, loop: any EventLoop,
        open: @escaping @Sendable (EmailAddress) async throws(MailStoreError) -> MailboxLine
    ) {
        (self.width, self.loop, self.open) = (width, loop, open)
    }

    /// The turn of one who uses the account's place. One at a time; ends with ``PlatformConnections/with(_:_:)``.
    struct Turn: Sendable {
        fileprivate let connections: PlatformConnections
        let account: EmailAddress

        /// The account's connection: opened where there is none, or the one there was is broken.
        func line() async throws(MailStoreError) -> MailboxLine { try await connections.line(of: account) }
    }

    /// Runs `body` when it is the account's turn, and it has a place. No cancellation reaches it.
    func with<Value: Sendable>(
        _ account: EmailAddress, _ body: (Turn) async throws(MailStoreError) -> Value
    ) async throws(MailStoreError) -> Value {
        try await seated(.account(account)) { () async throws(MailStoreError) in
            try await body(Turn(connections: self, account: account))
        }
    }

    /// Runs `body`, which opens a connection of its own and ends it, when there is a place for one more.
    func asGuest<Value: Sendable>(
        _ body: () async throws(MailStoreError) -> Value
    ) async throws(MailStoreError) -> Value {
        try await seated(.guest) { () async throws(MailStoreError) in
            await leftover(of: .guest)?.leave()
            return try await body()
        }
    }

    private func seated<Value: Sendable>(
        _ holder: Holder, _ body: () async throws(MailStoreError) -> Value
    ) async throws(MailStoreError) -> Value {
        guard await enter(holder) else {
            leave(holder)
            throw MailStoreError(
                code: .failed, detail: "the daemon stops, and opens no more connections to the platform")
        }
        do throws(MailStoreError) {
            let value = try await body()
            leave(holder)
            return value
        } catch {
            leave(holder)
            throw error
        }
    }

    /// Whether there may be another connection.
    var hasRoom: Bool { state.withLock { $0.seats.count < width } }

    /// A writer of the account is open: its place is kept for it as long as may be.
    func keep(_ account: EmailAddress) { state.withLock { $0.keepers[.account(account), default: 0] += 1 } }

    func release(_ account: EmailAddress) {
        state.withLock { state in
            let left = (state.keepers[.account(account)] ?? 1) - 1
            state.keepers[.account(account)] = left > 0 ? left : nil
        }
        balance()
    }

    /// Nobody gets a place any more; those who have one keep it.
    func stop() {
        let waiting = state.withLock { state in
            state.isStopping = true
            defer { state.line = [] }
            return state.line
        }
        for (_, turn) in waiting { turn.settle(false) }
    }

    /// Ends all connections that nobody uses, now and from now on.
    func close() {
        stop()
        let lines = state.withLock { state -> [MailboxLine] in
            state.isClosed = true
            return state.seats.values.filter { !$0.isInUse }.compactMap(\.line)
        }
        for line in lines { line.drop() }
    }

    // MARK: Turns and places

    /// - Returns: whether it has a place.
    private func enter(_ holder: Holder) async -> Bool {
        let turn = state.withLock { state -> Latch<Void>? in
            guard state.turns[holder] == nil else {
                let turn = Latch<Void>()
                state.turns[holder]?.append(turn)
                return turn
            }
            state.turns[holder] = []
            return nil
        }
        await turn?.wait()
        let place = state.withLock { state -> Latch<Bool> in
            if state.seats[holder] != nil {
                state.seats[holder]?.isInUse = true
                return Latch(settled: true)
            }
            if state.isStopping { return Latch(settled: false) }
            let place = Latch<Bool>()
            state.line.append((holder, place))
            return place
        }
        if !place.isSettled { balance() }
        return await place.wait()
    }

    private func leave(_ holder: Holder) {
        let next = state.withLock { state -> Latch<Void>? in
            state.seats[holder]?.isInUse = false
            // A guest leaves no connection behind.
            if holder == .guest { state.seats[holder] = nil }
            if state.keepers[holder] == nil { state.seats[holder]?.since = .now }
            let next = state.turns[holder]?.popFirst()
            if next == nil { state.turns[holder] = nil }
            return next
        }
        next?.settle(())
        balance()
    }

    /// Gives free places to those who wait, and ends what has been idle for long.
    private func balance() {
        let now = ContinuousClock.now
        let (given, ended, next) = state.withLock { state in
            var given: [Latch<Bool>] = []
            while let first = state.line.first {
                var seat = Seat()
                if state.seats.count >= width {
                    guard let victim = Self.givesUp(state, at: now) else { break }
                    seat.leftover = state.seats.removeValue(forKey: victim)?.line
                }
                state.line.removeFirst()
                state.seats[first.holder] = seat
                given.append(first.turn)
            }
            var ended: [MailboxLine] = []
            var next: Duration?
            for (holder, seat) in state.seats where !seat.isInUse {
                let isKept = state.keepers[holder] != nil
                let rest = seat.since + (isKept ? Self.slice : Self.idle) - now
                if !isKept, rest <= .zero || state.isClosed {
                    if let line = state.seats.removeValue(forKey: holder)?.line { ended.append(line) }
                } else if !isKept || !state.line.isEmpty {
                    next = min(next ?? rest, max(rest, .milliseconds(50)))
                }
            }
            if state.isAlarmSet { next = nil }
            if next != nil { state.isAlarmSet = true }
            return (given, ended, next)
        }
        for place in given { place.settle(true) }
        for line in ended { line.leaveSoon() }
        guard let next else { return }
        loop.scheduleTask(in: TimeAmount(next + .milliseconds(10))) {
            self.state.withLock { $0.isAlarmSet = false }
            self.balance()
        }
    }

    /// Who gives a place up for others: who does not use it, and has had it longest.
    private static func givesUp(_ state: State, at now: ContinuousClock.Instant) -> Holder? {
        state.seats.lazy.filter { holder, seat in
            !seat.isInUse && state.turns[holder] == nil
                && (state.keepers[holder] == nil || now - seat.since >= slice)
        }.min { $0.value.since < $1.value.since }?.key
    }

    // MARK: Connections

    private func line(of account: EmailAddress) async throws(MailStoreError) -> MailboxLine {
        let holder = Holder.account(account)
        // Never one more than there may be.
        await leftover(of: holder)?.leave()
        if let line = state.withLock({ $0.seats[holder]?.line }) {
            if !line.isBroken { return line }
            await line.leave()
            state.withLock { $0.seats[holder]?.line = nil }
        }
        let opened = try await open(account)
        state.withLock { state in
            state.seats[holder]?.line = opened
            state.seats[holder]?.since = .now
        }
        return opened
    }

    /// What another has left behind in a place.
    private func leftover(of holder: Holder) -> MailboxLine? {
        state.withLock { state in
            defer { state.seats[holder]?.leftover = nil }
            return state.seats[holder]?.leftover
        }
    }
}
