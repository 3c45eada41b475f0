// SPDX-License-Identifier: Apache-2.0

import Ground
import MailSource
import Vocabulary
import Waiting

/// Fetches a mailbox's messages in order, over the session that has listed it, and over more where those bring more.
///
/// One connection brings a mailbox as fast as the store takes it, unless the old server is slow, or far away, or gives each
/// connection only so much. So what is fetched in a long mailbox's first seconds is measured; if there is much left, and the
/// server has a place that nobody waits for, another session is opened, and stays if both bring that much more than one; and
/// so on. Whoever waits for a place has it back within a moment.
struct Convoy: Sendable {
    /// Another session of the same mailbox.
    struct Companion: Sendable {
        var session: any MailboxSession
        /// Its place is wanted by others.
        var makesWay: @Sendable () -> Bool
        /// In order, which may take a moment, or at once.
        var close: @Sendable (_ inOrder: Bool) async -> Void
    }

    let main: any MailboxSession
    let limits: AdditionalConnections
    /// Hears what becomes of additional sessions.
    let note: @Sendable (String) -> Void
    /// Whether ``open`` may find a place.
    let mayOpen: @Sendable () -> Bool
    /// nil where there is no place, or the server does not let us in once more.
    let open: @Sendable () async -> Companion?
    /// Settled where another session does harm, or no good: nobody tries it again.
    let isUseless: Latch<Void>

    /// As `MailboxSession.fetch`.
    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError) {
        let trace = FetchTrace(sink, of: messages, onRefusal: onRefusal)
        var companions: [Companion] = []
        do throws(SourceError) {
            try await fetch(trace, FetchTrace.work(of: messages), options, &companions)
            for companion in companions { await companion.close(true) }
        } catch {
            // Some servers let a user in once, and end the older session.
            if !companions.isEmpty { isUseless.settle(()) }
            for companion in companions { await companion.close(false) }
            throw error
        }
    }

    private func fetch(
        _ trace: FetchTrace, _ all: Int, _ options: FetchOptions, _ companions: inout [Companion]
    ) async throws(SourceError) {
        var watch = LegWatch(limits, trace, all)
        /// Without the latest companion.
        var rateBefore: Double?
        while !trace.rest.isEmpty, options.goesOn() {
            let (all, isTrial) = (companions, rateBefore != nil)
            let mayGrow = !isUseless.isSettled && companions.count < limits.most
            watch = watch.next()
            let isOver = { @Sendable [watch, mayOpen] in
                all.contains { $0.makesWay() } || (isTrial && watch.isLong)
                    || (!isTrial && mayGrow && watch.isWorthMore(mayOpen))
            }
            let lost = try await leg(
                trace, companions.map(\.session), options, watch.work(sessions: all.count + 1), isOver)
            let rate = watch.rate
            for place in companions.indices.reversed() {
                let (isLost, isLatest) = (lost[place + 1] != nil, place == companions.indices.last)
                let isNoGain = isLatest && rateBefore.map { rate < $0 * limits.leastGain } ?? false
                guard isLost || isNoGain || companions[place].makesWay() else { continue }
                if let reason = lost[place + 1] {
                    note("an additional connection is given up: \(reason)")
                } else if let rateBefore, isNoGain {
                    note("another connection brings \(Int(rate / rateBefore * 100)) % of what there was without it")
                }
                isUseless.settle(())
                await companions.remove(at: place).close(false)
            }
            rateBefore = nil
            guard mayGrow, !isUseless.isSettled, watch.isWorthMore(mayOpen) else { continue }
            if let companion = await open() {
                companions.append(companion)
                rateBefore = rate
            }
        }
    }

    private func leg(
        _ trace: FetchTrace, _ others: [any MailboxSession], _ options: FetchOptions, _ ofChunk: Int,
        _ isOver: @escaping @Sendable () -> Bool
    ) async throws(SourceError) -> ConvoyLeg.Lost {
        guard others.isEmpty else {
            return try await ConvoyLeg(
                sessions: [main] + others, trace: trace, options: options, ofChunk: ofChunk, isOver: isOver
            ).run()
        }
        let (rest, goesOn, stop) = (trace.rest, options.goesOn, Latch<Void>())
        var options = options
        options.goesOn = {
            let stops = !goesOn() || isOver()
            if stops { stop.settle(()) }
            return !stops
        }
        try await main.fetch(trace.isAtStart ? trace.messages : Array(rest), into: trace, options) {
            trace.refused($0, $1)
        }
        if !stop.isSettled { trace.passed(to: rest.endIndex) }
        return [:]
    }
}

/// How much a leg of a fetch has brought, and how long the rest would take.
private struct LegWatch: Sendable {
    private let limits: AdditionalConnections
    private let trace: FetchTrace
    private let all: Int
    private let start = ContinuousClock.now
    private let before: Int
    private let pace: Double

    private static let leastOfChunk = 256 << 10
    private static let mostOfChunk = 4 << 20

    init(_ limits: AdditionalConnections, _ trace: FetchTrace, _ all: Int, pace: Double = 0) {
        (self.limits, self.trace, self.all, self.pace) = (limits, trace, all, pace)
        before = trace.work
    }

    func next() -> LegWatch { LegWatch(limits, trace, all, pace: rate) }

    private var seconds: Double { max(0.001, (ContinuousClock.now - start) / .seconds(1)) }

    /// Work a second.
    var rate: Double { Double(trace.work - before) / seconds }

    /// What one of so many sessions brings in a second, as far as is known.
    func work(sessions: Int) -> Int {
        Int(min(max(pace / Double(sessions), Double(Self.leastOfChunk)), Double(Self.mostOfChunk)))
    }

    var isLong: Bool { seconds >= limits.afterSeconds }

    /// Whether it has been measured long enough, and much is left.
    func isWorthMore(_ mayOpen: () -> Bool) -> Bool {
        isLong && Double(all - trace.work) >= rate * limits.leastSecondsLeft && mayOpen()
    }
}
