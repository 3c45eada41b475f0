// SPDX-License-Identifier: Apache-2.0

import Ground
import Logging
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
        var close: @Sendable () async -> Void
    }

    let main: any MailboxSession
    let limits: AdditionalConnections
    let log: Logger
    /// Whether ``open`` may find a place.
    let mayOpen: @Sendable () -> Bool
    /// nil where there is no place, or the server does not let us in once more.
    let open: @Sendable () async -> Companion?

    /// As `MailboxSession.fetch`.
    /// - Parameter onVanished: called with the numbers of messages that are gone over there, if it is not ``main`` that knows.
    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void, onVanished: (Set<Int>) -> Void
    ) async throws(SourceError) {
        let trace = FetchTrace(sink, of: messages, onRefusal: onRefusal)
        var companions: [Companion] = []
        do throws(SourceError) {
            try await fetch(trace, FetchTrace.work(of: messages), options, &companions, onVanished)
            for companion in companions { await companion.close() }
        } catch {
            for companion in companions { await companion.close() }
            throw error
        }
    }

    private func fetch(
        _ trace: FetchTrace, _ all: Int, _ options: FetchOptions, _ companions: inout [Companion],
        _ onVanished: (Set<Int>) -> Void
    ) async throws(SourceError) {
        var isTrying = true
        var watch = LegWatch(limits, trace, all)
        /// Without the latest companion.
        var rateBefore: Double?
        while !trace.rest.isEmpty, options.goesOn() {
            let (all, isTrial) = (companions, rateBefore != nil)
            let mayGrow = isTrying && companions.count < limits.most
            watch = watch.next()
            let isOver = { @Sendable [watch, mayOpen] in
                all.contains { $0.makesWay() } || (isTrial && watch.isLong)
                    || (!isTrial && mayGrow && watch.isWorthMore(mayOpen))
            }
            let end = try await leg(
                trace, companions.map(\.session), options, watch.work(sessions: all.count + 1), isOver)
            onVanished(end.vanished)
            let rate = watch.rate
            if let rateBefore, rate < rateBefore * limits.leastGain, let latest = companions.indices.last {
                log.debug("another connection brings \(Int(rate / rateBefore * 100)) % of what there was without it")
                await companions.remove(at: latest).close()
                isTrying = false
            }
            rateBefore = nil
            for place in companions.indices.reversed()
            where end.lost.contains(place + 1) || companions[place].makesWay() {
                await companions.remove(at: place).close()
                isTrying = false
            }
            guard isTrying, mayGrow, watch.isWorthMore({ true }), mayOpen() else { continue }
            if let companion = await open() {
                companions.append(companion)
                rateBefore = rate
            } else {
                isTrying = false
            }
        }
    }

    private func leg(
        _ trace: FetchTrace, _ others: [any MailboxSession], _ options: FetchOptions, _ ofChunk: Int,
        _ isOver: @escaping @Sendable () -> Bool
    ) async throws(SourceError) -> ConvoyLeg.End {
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
        try await main.fetch(Array(rest), into: trace, options) { trace.refused($0, $1) }
        if !stop.isSettled { trace.passed(to: rest.endIndex) }
        return ConvoyLeg.End()
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
