// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI
import Records
import Statuses
import Vocabulary

/// The domain's values in the contract's form.
extension Status {
    init(_ status: AccountStatus) {
        self.init(
            account: status.account, status: status.status, startedAt: status.startedAt, startedBy: status.startedBy,
            lastTriggeredAt: status.lastTriggeredAt, finishedAt: status.finishedAt, moved: Int(status.moved),
            remaining: Int(status.remaining), movedOctets: Int(status.movedOctets),
            totalOctets: Int(status.totalOctets), messagesPerSecond: status.messagesPerSecond ?? 0,
            etaSeconds: status.etaSeconds, runs: Int(status.runs),
            error: status.error.map {
                StatusError(reason: $0.reason, detail: $0.detail, at: $0.at, retryAt: status.retryAt)
            },
            lastAttempt: status.lastAttempt.map {
                LastAttempt(at: $0.at, via: $0.via, outcome: $0.outcome, reason: $0.reason)
            },
            window: status.window.map {
                WindowReport(state: $0.state, expiresAt: $0.expiresAt, daysLeft: $0.daysLeft)
            }, portal: Portal(status.portal), message: status.message,
            queued: status.isQueued, paused: status.isPaused)
    }
}

extension Portal {
    fileprivate init(_ portal: AccountStatus.Portal) {
        self.init(visible: portal.visible, action: portal.action)
    }
}

extension StatusCounts {
    init(_ totals: DomainTotals) { self.init(totals.counts) }

    init(_ counts: [MigrationStatus: Int64]) {
        func count(_ status: MigrationStatus) -> Int { Int(counts[status] ?? 0) }
        self.init(
            notStarted: count(.notStarted), inProgress: count(.inProgress), completed: count(.completed),
            failed: count(.failed), nonMigrating: count(.nonMigrating))
    }
}

extension MailMoveAPI.DomainProgress {
    init(_ domain: DomainName, _ figures: DomainFigures) {
        let totals = figures.totals
        self.init(
            domain: domain, counts: StatusCounts(totals), queued: Int(figures.queued), paused: Int(totals.paused),
            moved: Int(totals.moved), remaining: Int(totals.remaining), movedOctets: Int(totals.movedOctets),
            remainingOctets: Int(totals.remainingOctets), unlisted: Int(totals.unlisted),
            messagesPerSecond: figures.messagesPerSecond, octetsPerSecond: figures.octetsPerSecond,
            etaSeconds: figures.etaSeconds)
    }
}

extension MailMoveAPI.Migration {
    /// - Parameter withLists: false leaves out the address lists, which may be as long as the domain is large.
    init(_ overview: MigrationOverview, withLists: Bool) throws {
        let settings = overview.settings
        self.init(
            domain: try DomainName(settings.domain), state: overview.state, oldServer: settings.oldServer,
            validDays: settings.validDays, knownAccounts: withLists ? overview.knownAccounts : nil,
            excludedAccounts: withLists ? overview.excludedAccounts : nil,
            autoCreateAccounts: settings.autoCreateAccounts, syncPasswords: settings.syncPasswords,
            options: settings.options, enabledAt: settings.enabledAt, expiresAt: settings.expiresAt,
            progress: MailMoveAPI.DomainProgress(try DomainName(settings.domain), overview.figures),
            reachable: overview.reachability.map {
                MailMoveAPI.Reachable(ok: $0.isReachable, since: $0.since, detail: $0.detail)
            },
            warnings: settings.warnings)
    }
}
