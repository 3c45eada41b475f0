// SPDX-License-Identifier: Apache-2.0

import MailMoveAPI
import Records
import Statuses
import Vocabulary

extension MethodTable {
    func queryStatus(_ parameters: OneAccount) async throws -> Status {
        Status(try await move.statuses.status(of: parameters.account))
    }

    func listLog(_ parameters: ListLog) async throws -> StatusPage {
        let page = try await move.statuses.log(
            LogQuery(
                domain: parameters.domain, statuses: Set(parameters.status ?? []), search: parameters.search,
                startedBy: parameters.startedBy, needsAttention: parameters.attention ?? false,
                sort: parameters.sort ?? .account, descending: parameters.descending ?? false,
                limit: parameters.limit ?? Defaults.pageLength, cursor: parameters.cursor))
        return StatusPage(
            entries: page.entries.map(Status.init), nextCursor: page.nextCursor, counts: StatusCounts(page.totals),
            total: Int(page.total))
    }

    func listEvents(_ parameters: ListEvents) async throws -> MailMoveAPI.EventPage {
        let subject: EventQuery.Subject
        switch (parameters.account, parameters.domain) {
        case (let account?, _): subject = .account(account)
        case (nil, let domain?): subject = .domain(domain)
        case (nil, nil): throw Violation("account", "is missing: give an account or a domain")
        }
        let page = try await move.statuses.events(
            EventQuery(
                subject: subject, since: parameters.since, cursor: parameters.cursor,
                limit: parameters.limit ?? Defaults.pageLength))
        return MailMoveAPI.EventPage(
            events: page.events.map { event in
                MailMoveAPI.EventPage.Event(
                    at: event.at, account: event.account, kind: event.kind.rawValue, via: event.via,
                    reason: event.reason, detail: event.detail, count: event.count > 1 ? event.count : nil,
                    since: event.count > 1 ? event.since : nil, message: StatusText.counted(event))
            }, nextCursor: page.nextCursor)
    }
}
