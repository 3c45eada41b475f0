// SPDX-License-Identifier: Apache-2.0

import MailMoveAPI
import Measures
import OpenMetrics
import Synchronization
import Vocabulary

/// The daemon's state as long as its database has not been reached.
final class WaitingReport: Sendable {
    /// The figures for monitoring: this node's own until there are more.
    final class Figures: Sendable {
        private let report = Mutex<ServiceReport?>(nil)
        fileprivate let startedAt = Timestamp.now

        func open(_ report: ServiceReport) { self.report.withLock { $0 = report } }

        func text() async -> String {
            if let report = report.withLock({ $0 }) { return await report.metrics() }
            return Daemon.metrics.text([
                Sample(Measures.Name.build, [Vocabulary.version], 1),
                Sample(Measures.Name.startTime, [], Double(startedAt.milliseconds) / 1000),
                Sample(Measures.Name.databaseUp, [], 0),
            ])
        }
    }

    let report = Figures()
    private let kind: String
    private let mailStoreKind: String

    init(kind: String, mailStoreKind: String) {
        self.kind = kind
        self.mailStoreKind = mailStoreKind
    }

    func status() -> ServiceStatus {
        ServiceStatus(
            version: Vocabulary.version, startedAt: report.startedAt, moving: 0, queued: 0, clients: 0,
            store: ServiceStatus.Part(kind: kind, ok: false),
            mailStore: ServiceStatus.Part(kind: mailStoreKind, ok: false),
            statusText: "the database does not answer: logins and moves wait for it")
    }
}
