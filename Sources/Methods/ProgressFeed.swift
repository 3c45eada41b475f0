// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import JSONWire
import MailMoveAPI
import Statuses
import Vocabulary
import Waiting

/// A domain's figures for one watcher: at once, and then each second in which they have changed.
///
/// They are read every second, whatever happens: rates sink without anything happening, and it costs a few rows.
struct ProgressFeed: Sendable {
    let statuses: StatusBoard
    let domain: DomainName
    private static let interval = Duration.seconds(1)

    /// Runs until the watcher is gone or the task is cancelled.
    @Sendable func run(_ peer: Peer) async {
        var told: DomainFigures?
        while !Task.isCancelled {
            // If the database does not answer, the next second may tell.
            let now = try? await statuses.figures(of: domain)
            if let now, now != told, peer.isDue("progress of \(domain)", every: Self.interval) {
                guard let params = try? JSONText.encode(MailMoveAPI.DomainProgress(domain, now)),
                    await peer.notify(method: Contract.progress, encodedParams: params)
                else { return }
                told = now
            }
            // Cancelled: the loop ends.
            try? await pause(for: Self.interval)
        }
    }
}
