// SPDX-License-Identifier: Apache-2.0

import Delivery
import Ground
import MailSource
import MailStore
import Records
import Vocabulary
import Waiting

/// What one session fetches, and what happens on the way.
extension Run {
    private enum Step: Sendable {
        case retrieved
        case delivered(Delivery.Size, refused: [(message: ListedMessage, words: String)], within: Duration)
    }

    /// Streams the wanted messages into the store, and submits what is staged there.
    mutating func fetch(
        _ plan: inout RunPlan, _ folders: SessionFolders, _ session: any MailboxSession, _ fetch: inout Fetch
    ) async throws {
        let id = account.id
        var options = DeliveryOptions(
            settings.options, folders: folders.targets, keepsIDs: session.traits.idsAreUIDLs)
        let names = folders.names
        let intended = try await context.records.intents(of: id).compactMap { $0.batch(in: commons.store) }
        let refusals = fetch.refusals
        var readable = plan.wanted
        if progress.unreadable.hasLeft {
            readable.removeAll { message in
                guard let reason = progress.unreadable.reason(message, names.id(of: message)) else { return false }
                refusals.add(message, session.name(of: message), reason)
                return true
            }
        }
        if !fetch.homeless.isEmpty { leaveBehind(&readable, in: folders, &fetch) }
        let wanted = progress.order(readable).views(last: folders.views)
        guard !wanted.isEmpty else { return await sweep(options, intended) }
        options.uidls = try await uidls(of: wanted, plan.listing, folders, session)
        let place = place
        // With but one place, a login waits for one message at most.
        let pipelining = isPipelining && session.traits.mayPipeline && !place.isAlone
        let careful = progress.unreadable.isSuspicious ? min(UnreadableMessages.careful, wanted.count) : 0
        progress.unreadable.trust()
        let writer = try await commons.store.open(
            account.address, options: options, intended: intended, expecting: expected)
        do {
            try await self.fetch(
                wanted, careful: careful, pipelining: pipelining, &plan, writer, names, session, &fetch)
        } catch {
            await writer.leave()
            throw error
        }
        // Until the last sync: it is the writer that keeps file-system errors from being missed.
        await writer.leave()
    }

    private mutating func fetch(
        _ wanted: [ListedMessage], careful: Int, pipelining: Bool, _ plan: inout RunPlan, _ writer: any MailboxWriter,
        _ names: LedgerNames, _ session: any MailboxSession, _ fetch: inout Fetch
    ) async throws {
        let (refusals, leftBehind, notTaken) = (fetch.refusals, fetch.refusals.count, fetch.notTaken)
        let (place, window, opensAhead) = (place, context.limits.windowOctets, opensAhead)
        let convoy = convoy(of: session)
        let gate = IntakeGate(writer)
        let naming = plan.naming
        let headers = HeaderHashes(gate, hash: commons.ledgerHash.hash) { !naming.tells($0) }
        let intake: any MessageSink = plan.areAllNamed ? gate : headers
        let setback = Setback()
        try await withThrowingTaskGroup(of: Step.self) { group in
            group.addTask {
                defer { writer.finish() }
                let onRefusal: @Sendable (ListedMessage, String) -> Void = {
                    refusals.add($0, session.name(of: $0), $1)
                }
                let goesOn: @Sendable () -> Bool = { !place.makesWay }
                try await session.fetch(
                    Array(wanted.prefix(careful)), into: intake,
                    FetchOptions(oneByOne: true, windowOctets: window, goesOn: goesOn), onRefusal: onRefusal)
                var options = FetchOptions(oneByOne: !pipelining, windowOctets: window, goesOn: goesOn)
                options.opensAhead = opensAhead
                let rest = careful == 0 ? wanted : Array(wanted.dropFirst(careful))
                if let convoy, pipelining {
                    try await convoy.fetch(rest, into: intake, options, onRefusal: onRefusal)
                } else {
                    try await session.fetch(rest, into: intake, options, onRefusal: onRefusal)
                }
                return .retrieved
            }
            var open = Delivery.Size()
            var (allowed, hasWaited) = (OpenWindow(), false)
            var failure: (any Error)?
            var lastPause = ContinuousClock.now
            // What was delivered counts, whatever else fails: the next attempt continues after it.
            func take(_ step: Result<Step, any Error>) {
                switch step {
                case .success(.delivered(let size, let refused, let duration)):
                    open -= size
                    allowed.delivered(size, within: duration, hasWaited: hasWaited)
                    progress.delivered(size.messages - refused.count)
                    leaveBehind(refused, &fetch, session)
                case .failure(let error): failure = failure ?? error
                case .success(.retrieved): break
                }
            }
            for try await staged in writer.staged {
                // No more is fetched than can be delivered.
                if let error = setback.error { throw error }
                for new in try await settle(staged, &plan, &fetch, writer, headers, session) {
                    let size = new.submission.size
                    open += size
                    let start = ContinuousClock.now
                    let (receipt, messages) = (delivery.submit(new.submission), new.messages)
                    group.addTask {
                        do {
                            let delivered = try await receipt.wait().get()
                            let refused = delivered.refused.sorted { $0.key < $1.key }.map {
                                (messages[$0.key], $0.value)
                            }
                            return .delivered(size, refused: refused, within: .now - start)
                        } catch {
                            setback.note(error)
                            throw error
                        }
                    }
                }
                // A failed one is still open, and none may follow it.
                hasWaited = open.reaches(allowed.limit)
                while open.reaches(allowed.limit), failure == nil, let step = await group.nextResult() { take(step) }
                await giveWay(at: gate, since: &lastPause)
            }
            while let step = await group.nextResult() { take(step) }
            for message in refusals.messages { progress.refused(names.id(of: message)) }
            // By now everything that arrived whole is settled, in order; what has been deleted over there never comes.
            let vanished = session.vanished
            let gone = vanished.isEmpty ? 0 : wanted.count { vanished.contains($0.number) }
            let refused = refusals.count - leftBehind - (fetch.notTaken - notTaken)
            let count = fetch.settled.count + refused + gone
            guard let failure else { return fetch.isWhole = count == wanted.count }
            if let error = failure as? SourceError, wanted.indices.contains(count) {
                blame(
                    wanted[count], names.id(of: wanted[count]), error, at: count,
                    isCertain: count < careful || !pipelining, session, refusals)
            }
            throw failure
        }
    }

    /// A session has ended at a message: the second time, that message is left behind.
    private mutating func blame(
        _ message: ListedMessage, _ id: Int64?, _ error: SourceError, at place: Int, isCertain: Bool,
        _ session: any MailboxSession, _ refusals: Refusals
    ) {
        guard error.step == .fetch else { return }
        switch error.code {
        case .closed, .timedOut, .protocolViolation: break
        // A server that cannot take pipelined commands fails at the first.
        case .pipeliningBroken where place > 0: pipeliningFailedAt = message
        default: return
        }
        let verdict = progress.unreadable.add(
            message, id, error, isCertain: isCertain, hasBrought: progress.hasBrought)
        guard case .leftBehind(let isProgress) = verdict else { return }
        refusals.add(message, session.name(of: message), error.description)
        if isProgress { progress.passedOver() }
        // Pipelining was not what the server stumbled over.
        if pipeliningFailedAt == message { isPipelining = true }
        pipeliningFailedAt = nil
    }

    /// A long run leaves most of the capacity to those that have just begun.
    private func giveWay(at gate: IntakeGate, since lastPause: inout ContinuousClock.Instant) async {
        guard progress.count >= YoungRuns.messages else { return }
        commons.youngRuns.leaves(account.id)
        let seconds = commons.youngRuns.pause(after: .now - lastPause)
        if seconds > 0 {
            gate.close()
            await control.sleep(seconds: seconds)
            gate.open()
        }
        lastPause = .now
    }

    /// Nothing is wanted, but an earlier, interrupted run may have left staged files that nobody needs.
    private func sweep(_ options: DeliveryOptions, _ intended: [StagedBatch]) async {
        do throws(MailStoreError) {
            try await commons.store.sweep(account.address, options: options, intended: intended)
        } catch {
            context.log.debug(
                "what earlier runs left in tmp stays there: \(error)", metadata: .about(account.address))
        }
    }
}

extension DeliveryOptions {
    /// - Parameters:
    ///   - folders: where mail of each of the session's folders goes.
    ///   - keepsIDs: whether the ids of messages mean something to POP3 clients.
    fileprivate init(_ options: MoveOptions, folders: [[String]], keepsIDs: Bool) {
        self.init(
            preserveUIDL: options.preserveUIDL && keepsIDs, markSeen: options.markSeen, flags: options.flags,
            folders: folders)
    }
}

extension [ListedMessage] {
    /// What is only shown of other folders can be told once those have been seen.
    fileprivate func views(last views: Set<Int>) -> [ListedMessage] {
        guard !views.isEmpty else { return self }
        return filter { !views.contains($0.folder) } + filter { views.contains($0.folder) }
    }
}
