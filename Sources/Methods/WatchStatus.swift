// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import JSONWire
import MailMoveAPI
import Migration
import Synchronization
import Vocabulary
import Waiting

extension MethodTable {
    /// The snapshot is taken after the watch has begun, so that nothing falls between them.
    func watch(_ parameters: WatchStatus) async throws -> Answer {
        switch (parameters.account, parameters.domain) {
        case (let account?, _):
            let feed = WatchFeed(move.statuses, .account(account))
            let status = Status(try await move.statuses.status(of: account))
            return try Answer(
                WatchSnapshot.account(status), subscription: Subscription(key: "account \(account)", run: feed.run))
        case (nil, let domain?):
            let feed = WatchFeed(move.statuses, .domain(domain))
            let (totals, moving) = try await move.statuses.snapshot(of: domain)
            let snapshot = DomainSnapshot(
                domain: domain, counts: StatusCounts(totals), total: Int(totals.accounts),
                moving: moving.map(Status.init))
            let progress = ProgressFeed(statuses: move.statuses, domain: domain)
            let subscription = Subscription(key: "domain \(domain)") { peer in
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { await feed.run(peer) }
                    group.addTask { await progress.run(peer) }
                }
            }
            return try Answer(WatchSnapshot.domain(snapshot), subscription: subscription)
        case (nil, nil): throw Violation("account", "is missing: give an account or a domain")
        }
    }
}

/// What changes, for one watcher: the latest state of each account, told at most five times a second, whatever else the
/// connection watches.
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

    /// A feed whose connection closed before it was run ends here.
    deinit {
        if let number = number.withLock({ $0 }) { statuses.unwatch(number) }
    }

    private func put(_ status: AccountStatus) {
        news.withLock { $0[status.account] = status }
        signalling.yield()
    }

    /// For the next round, unless there is something newer.
    private func putBack(_ status: AccountStatus) {
        news.withLock { news in
            if news[status.account] == nil { news[status.account] = status }
        }
        signalling.yield()
    }

    @Sendable func run(_ peer: Peer) async {
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
                // As it is now: of two changes at once the earlier may have been told last. A deleted account has no
                // status of its own any more.
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
