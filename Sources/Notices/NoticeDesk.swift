// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Ground
import Records
package import Runs
package import Statuses
import Synchronization
package import Vocabulary
import Waiting

/// Looks for news of all domains, and has it told.
///
/// One task finds news and records it; another takes it to the target. Nobody waits for either.
package final class NoticeDesk: Sendable {
    /// Takes a JSON object to somebody.
    package typealias Courier = @Sendable (_ octets: [UInt8], _ address: NoticeAddress) async throws -> Void

    private struct Idle: Sendable {
        var moved: Int64
        var since: ContinuousClock.Instant
    }

    private let context: Context
    private let statuses: StatusBoard
    private let scheduler: MoveScheduler
    private let news: OldServerNews
    private let alarm = Mutex(Alarm())
    private let post: NoticePost

    /// Seconds between two looks …
    private static let interval = 5.0
    /// … or more, where so many domains would be too many in that time.
    private static let mostASecond = 100.0
    /// How many of those who have not come are named.
    private static let mostNamed = 20

    package init(
        context: Context, statuses: StatusBoard, scheduler: MoveScheduler, news: OldServerNews,
        courier: @escaping Courier
    ) {
        self.context = context
        self.statuses = statuses
        self.scheduler = scheduler
        self.news = news
        post = NoticePost(context: context, courier: courier)
    }

    /// Looks now.
    package func wake() {
        alarm.withLock { $0 }.ring()
        post.wake()
    }

    /// Runs until the program stops.
    package func run() async {
        context.stopping.whenSet { [weak self] in self?.wake() }
        let known = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.post.run { self.alarm.withLock { $0 }.ring() } }
            return await look()
        }
        // What was delivered at the last moment is not told again by the next process.
        for (domain, notices) in known {
            do {
                try await keepDelivered(of: domain, notices)
            } catch {
                context.log.debug("news may be told again: \(error)", metadata: ["domain": "\(domain)"])
            }
        }
    }

    private func keepDelivered(of domain: String, _ notices: DomainNotices) async throws {
        let delivered = post.takeDelivered(of: domain)
        guard !delivered.isEmpty else { return }
        var notices = notices
        for notice in delivered { notices.remove(notice) }
        try await keep(notices, of: domain)
    }

    /// - Returns: what is known of each domain, in the end.
    private func look() async -> [String: DomainNotices] {
        var known: [String: DomainNotices] = [:]
        var idle: [String: Idle] = [:]
        while true {
            let alarm = Alarm()
            self.alarm.withLock { $0 = alarm }
            if context.stopping.isSet { return known }
            guard context.records.leads else {
                // Another node looks, and what is known there is recorded.
                known = [:]
                await alarm.sleep(seconds: Self.interval)
                continue
            }
            let settings = statuses.everySettings()
            let domains = Set(settings.map(\.domain))
            known = known.filter { domains.contains($0.key) }
            idle = idle.filter { domains.contains($0.key) }
            for settings in settings where !context.stopping.isSet {
                do {
                    try await look(at: settings, &known, &idle)
                } catch {
                    // Looked at again in a moment; the health check says what is wrong with the database.
                    context.log.debug("news cannot be looked for: \(error)", metadata: ["domain": "\(settings.domain)"])
                }
            }
            await alarm.sleep(seconds: max(Self.interval, Double(settings.count) / Self.mostASecond))
        }
    }

    private func look(
        at settings: MigrationSettings, _ known: inout [String: DomainNotices], _ idle: inout [String: Idle]
    ) async throws {
        let name = settings.domain
        let isFirst = known[name] == nil
        var notices = if let those = known[name] { those } else { try await kept(name) }
        let before = notices
        if isFirst { post.add(notices.pending) }
        for notice in post.takeDelivered(of: name) { notices.remove(notice) }
        let now = context.now()
        var found: [Notice] = []
        if !notices.isOver(settings, at: now) {
            let facts = try await facts(of: settings, &idle, at: now)
            for kind in notices.judge(facts) { found.append(try await notice(kind, facts)) }
        }
        if notices != before || !found.isEmpty {
            let domain = try DomainName(name)
            try await context.records.append(
                found.map { EventRecord(at: now, domain: domain, kind: $0.event.eventKind, detail: $0.detail) })
            // Without a target nobody waits for it.
            if context.limits.noticeAddress != nil { for notice in found { notices.add(notice) } }
            try await keep(notices, of: name)
            if context.limits.noticeAddress != nil { post.add(found) }
        }
        known[name] = notices
    }

    private static func key(_ domain: String) -> String { "notices/\(domain)" }

    private func keep(_ notices: DomainNotices, of domain: String) async throws {
        try await context.records.keep([Self.key(domain): Array(try JSONEncoder().encode(notices))])
    }

    private func kept(_ domain: String) async throws -> DomainNotices {
        guard let octets = try await context.records.kept(Self.key(domain)), !octets.isEmpty else {
            return DomainNotices()
        }
        do {
            return try JSONDecoder().decode(DomainNotices.self, from: Data(octets))
        } catch {
            // Another version may have written more; then it is told once more.
            context.log.info("what was told of \(domain) cannot be read: \(error)")
            return DomainNotices()
        }
    }

    private func facts(
        of settings: MigrationSettings, _ idle: inout [String: Idle], at now: Timestamp
    ) async throws -> DomainNotices.Facts {
        let totals = try await context.records.totals(
            of: try DomainName(settings.domain), running: statuses.runningAccounts
        ).totals
        let uptime = context.uptime()
        let hasWork = totals.underWay.accounts > 0
        let last = idle[settings.domain]
        let isIdle = hasWork && last?.moved == totals.moved
        let since = isIdle ? last?.since ?? uptime : uptime
        idle[settings.domain] = Idle(moved: totals.moved, since: since)
        let reach: DomainNotices.Facts.Reach =
            switch news.reachability(of: settings.oldServer, scheduler.places) {
            case nil: .unknown
            case let found? where found.isReachable: .reached
            case let found?: .lost(since: found.since)
            }
        return DomainNotices.Facts(
            settings: settings, totals: totals, reach: reach, idleSeconds: (uptime - since) / .seconds(1), now: now)
    }

    private func notice(_ kind: Notice.Kind, _ facts: DomainNotices.Facts) async throws -> Notice {
        let domain = try DomainName(facts.settings.domain)
        let query = LogQuery(domain: domain, statuses: [.notStarted], limit: Self.mostNamed)
        let waiting = try await context.records.log(query)?.page.entries ?? []
        return Notice(kind, of: domain, facts, waiting: waiting.map(\.address))
    }
}
