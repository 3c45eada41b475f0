// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import JSONWire
import MailMoveAPI
import Statuses
import Synchronization
import Vocabulary
import Waiting

extension MethodTable {
    /// The snapshot is taken after the watch has begun, so that nothing falls between them.
    func watch(_ parameters: WatchStatus) async throws -> Answer {
        switch (parameters.account, parameters.domain) {
        case (let account?, _):
            return try await watch(.account(account), key: "account \(account)") {
                .account(Status(try await move.statuses.status(of: account)))
            }
        case (nil, let domain?):
            let progress = ProgressFeed(statuses: move.statuses, domain: domain)
            return try await watch(.domain(domain), key: "domain \(domain)", beside: progress.run) {
                let (totals, moving) = try await move.statuses.snapshot(of: domain)
                return .domain(
                    DomainSnapshot(
                        domain: domain, counts: StatusCounts(totals), total: Int(totals.accounts),
                        moving: moving.map(Status.init)))
            }
        case (nil, nil): throw Violation("account", "is missing: give an account or a domain")
        }
    }

    private func watch(
        _ subject: StatusBoard.Subject, key: String, beside: (@Sendable (Peer) async -> Void)? = nil,
        _ snapshot: () async throws -> WatchSnapshot
    ) async throws -> Answer {
        let feed = WatchFeed(move.statuses, subject)
        let run: @Sendable (Peer) async -> Void =
            if let beside {
                { peer in
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask { await feed.run(peer) }
                        group.addTask { await beside(peer) }
                        // Where one has found the watcher gone, so would the other.
                        await group.next()
                        group.cancelAll()
                    }
                }
            } else { feed.run }
        do {
            return try Answer(try await snapshot(), subscription: Subscription(key: key, run: run, drop: feed.end))
        } catch {
            feed.end()
            throw error
        }
    }
}

/// The changes for one watcher: the latest state of each account, sent at most five times a second, whatever else the
/// connection watches. It ends when it has been run, or by ``end()``.
final class WatchFeed: Sendable {
    private let statuses: StatusBoard
    private let news = Mutex<[EmailAddress: AccountStatus]>([:])
    private let signal: AsyncStream<Void>
    private let signalling: AsyncStream<Void>.Continuation
    private let number = Mutex<UInt64?>(nil)
    private static let interval = Duration.milliseconds(200)

    init(_ statuses: StatusBoard, _ subject: StatusBoard.Subject) {
        self.statuses = statuses
        (signal, signalling) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = statuses.watch(subject) { [weak self] status in self?.put(status) }
        self.number.withLock { $0 = number }
    }

    deinit {
        guard number.withLock({ $0 != nil }) else { return }
        reportForgotten("a watch")
        end()
    }

    @Sendable func end() {
        let number = number.withLock { number in
            defer { number = nil }
            return number
        }
        if let number { statuses.unwatch(number) }
    }

    private func put(_ status: AccountStatus) {
        news.withLock { $0[status.account] = status }
        signalling.yield()
    }

    /// Keeps a status for the next round, unless there is a newer one.
    private func putBack(_ status: AccountStatus) {
        news.withLock { news in
            if news[status.account] == nil { news[status.account] = status }
        }
        signalling.yield()
    }

    @Sendable func run(_ peer: Peer) async {
        defer { end() }
        for await _ in signal {
            let changed = news.withLock { news in
                defer { news = [:] }
                return news.values.sorted { $0.account < $1.account }
            }
            for told in changed {
                guard peer.isDue(told.account.description, every: Self.interval) else {
                    putBack(told)
                    continue
                }
                // Reads the current status: of two simultaneous changes, the earlier may have been told last. A deleted
                // account no longer has a status of its own.
                let status = (try? await statuses.status(of: told.account)) ?? told
                guard let params = try? JSONText.encode(Status(status)),
                    await peer.notify(method: Contract.statusChanged, encodedParams: params)
                else { return }
            }
            // Cancelled: the loop ends with the stream.
            try? await pause(for: Self.interval)
        }
    }
}
