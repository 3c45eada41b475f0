// SPDX-License-Identifier: Apache-2.0

import Records
import Reports
import Statuses
import Vocabulary

extension Notice {
    init(_ kind: Kind, of domain: DomainName, _ facts: DomainNotices.Facts, waiting: [EmailAddress]) {
        let settings = facts.settings
        let totals = facts.totals
        let left = MigrationReport.leftToDo(totals)
        var detail: String
        switch kind {
        case .halfDone, .allDone:
            let movable = totals.accounts - (totals.counts[.nonMigrating] ?? 0)
            detail = "\(totals.counts[.completed] ?? 0) of \(movable) accounts are complete"
        case .stalled:
            detail =
                "\(totals.underWay.accounts) accounts are under way, and nothing has been moved for "
                + "\(Int(facts.idleSeconds / 60)) minutes"
        case .oldServerAway:
            detail = "\(settings.oldServer.subject) cannot be reached"
            if case .lost(let since) = facts.reach { detail += " since \(since)" }
        case .windowEnding: detail = "the window ends at \(settings.expiresAt): \(left.en)"
        case .windowEnded: detail = left.en
        }
        let notStarted = totals.counts[.notStarted] ?? 0
        if kind == .windowEnding || kind == .windowEnded, !waiting.isEmpty {
            let more = notStarted > Int64(waiting.count) ? ", …" : ""
            detail += "; not started: \(waiting.map(\.description).joined(separator: ", "))\(more)"
        }
        self.init(
            event: kind, at: facts.now, domain: settings.domain, expiresAt: settings.expiresAt,
            counts: Dictionary(totals.counts.map { ($0.key.rawValue, $0.value) }) { $1 }, moved: totals.moved,
            movedOctets: totals.movedOctets, remaining: totals.remaining,
            notStarted: Waiting(accounts: notStarted, first: waiting.map(\.description)),
            oldServer: settings.oldServer.subject, detail: detail,
            message: StatusText.event(EventRecord(at: facts.now, domain: domain, kind: kind.eventKind, detail: nil)),
            leftToDo: left)
    }
}

extension Notice.Kind {
    /// As the domain's events tell it.
    var eventKind: EventRecord.Kind {
        switch self {
        case .halfDone: .halfDone
        case .allDone: .allDone
        case .stalled: .stalled
        case .oldServerAway: .oldServerAway
        case .windowEnding: .windowEnding
        case .windowEnded: .windowEnded
        }
    }
}
