// SPDX-License-Identifier: Apache-2.0

package import Ground
import Logging
package import OldServerPlaces
package import OldServerPolicy
import Records
public import Vocabulary

/// What is known of old servers, in words, and what has changed about them, in the journal and in the events of their
/// domains.
package final class OldServerNews: Sendable {
    private typealias Item = (server: OldServerPolicy.Endpoint, news: OldServerPolicy.News)

    private let context: Context
    private let items = AsyncStream<Item>.makeStream(bufferingPolicy: .bufferingNewest(1000))

    package init(context: Context) { self.context = context }

    /// Hears what has changed.
    package func tell(_ server: OldServerPolicy.Endpoint, _ news: OldServerPolicy.News) {
        let metadata: Logger.Metadata = ["oldServer": "\(server)"]
        switch news {
        case .isUnreachable, .isSilent:
            context.log.warning("\(Self.text(of: news)); logins do not wait for it meanwhile", metadata: metadata)
        case .answersAgain, .bearsAll: context.log.notice("\(Self.text(of: news))", metadata: metadata)
        case .bearsOnly, .penalises: context.log.warning("\(Self.text(of: news))", metadata: metadata)
        }
        items.continuation.yield((server, news))
    }

    /// Records what has changed, until ``close()``.
    package func run() async {
        for await item in items.stream {
            do {
                let now = context.now()
                let events = try await context.records.allSettings().filter {
                    $0.oldServer.endpoint == item.server && $0.state(at: now) == .active
                }.compactMap { settings -> EventRecord? in
                    // absent: settings are kept under valid names alone
                    guard let domain = try? DomainName(settings.domain) else { return nil }
                    return EventRecord(
                        at: now, domain: domain, kind: item.news.eventKind,
                        detail: "\(item.server): \(Self.text(of: item.news))")
                }
                if !events.isEmpty { try await context.records.append(events) }
            } catch {
                context.log.info("what the old server does is in the journal alone: \(error)")
            }
        }
    }

    package func close() { items.continuation.finish() }

    package static func text(of news: OldServerPolicy.News) -> String {
        switch news {
        case .isUnreachable: "the old server cannot be reached"
        case .isSilent: "the old server does not answer to passwords"
        case .answersAgain: "the old server answers again"
        case .bearsAll: "the old server bears as many connections as are wanted again"
        case .bearsOnly(let connections): limit(connections)
        case .penalises(let delay): penalty(delay)
        }
    }

    package static func limit(_ connections: Int) -> String {
        """
        the old server refuses connections from this machine beyond \(connections); logins go before moves. Ask its \
        administrator to let this machine's address have more (Courier: MAXPERIP; Dovecot: process_limit and client_limit \
        of its login service; firewalls: connlimit)
        """
    }

    package static func penalty(_ delay: Duration) -> String {
        """
        after wrong passwords the old server answers everybody \(seconds(delay)) later, for it counts by address, and all \
        users come from this machine's. Ask its administrator to except that address (Dovecot: login_trusted_networks, or \
        auth_failure_delay and the anvil penalty; fail2ban: ignoreip)
        """
    }

    package static func growth(_ delay: Duration) -> String {
        """
        the old server answers each wrong password \(seconds(delay)) later than the one before. If it counts by address, \
        users wait for each other, for all come from this machine's. Ask its administrator to except that address (Dovecot: \
        login_trusted_networks, or auth_failure_delay and the anvil penalty)
        """
    }

    static func seconds(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        return seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : "\(Int(seconds.rounded())) s"
    }
}

/// Whether an old server can be reached, for who asks about a domain.
public struct Reachability: Sendable, Hashable {
    public var isReachable: Bool
    /// Since when that is so; of one that can be reached, when it was last.
    public var since: Timestamp
    /// What it bears, and how it punishes wrong passwords, too.
    public var detail: String
}

extension OldServerNews {
    /// nil where nobody has been there since the start.
    package func reachability(of server: OldServer, _ places: OldServerPlaces) -> Reachability? {
        let facts = places.facts(of: server.endpoint)
        let ok: Bool
        let since: OldServerPolicy.Moment
        var sentences: [String] = []
        switch facts.reach {
        case .unknown: return nil
        case .reached(let moment): (ok, since) = (true, moment)
        case .lost(let moment):
            (ok, since) = (false, moment)
            sentences.append("\(server.name) cannot be reached")
        case .silent(let moment):
            (ok, since) = (false, moment)
            sentences.append("\(server.name) greets, and does not answer to passwords")
        }
        if let limit = facts.limit { sentences.append(Self.limit(limit.connections)) }
        if let penalty = facts.penalty { sentences.append(Self.penalty(penalty.delay)) }
        if facts.loginDelay > .zero {
            sentences.append("It wants \(Self.seconds(facts.loginDelay)) between two logins of a user")
        }
        if sentences.isEmpty {
            let answer = facts.answer.map { ", and answers a login in \(Self.seconds($0))" } ?? ""
            sentences.append("\(server.name) can be reached\(answer)")
        }
        return Reachability(isReachable: ok, since: time(since), detail: sentences.joined(separator: ". "))
    }

    /// Each server that was tried, and whether it could be reached, by name.
    package func reachableServers(_ places: OldServerPlaces) -> [(server: String, isReachable: Bool)] {
        places.servers.compactMap { server in
            switch places.facts(of: server).reach {
            case .unknown: nil
            case .reached: (server: "\(server)", isReachable: true)
            case .lost, .silent: (server: "\(server)", isReachable: false)
            }
        }.sorted { $0.server < $1.server }
    }

    /// Host and since when, longest first.
    package func unreachable(_ places: OldServerPlaces) -> [(host: String, since: Timestamp)] {
        places.servers.compactMap { server in
            switch places.facts(of: server).reach {
            case .lost(let since), .silent(let since): (host: server.host, since: time(since))
            case .unknown, .reached: nil
            }
        }.sorted { ($0.since, $0.host) < ($1.since, $1.host) }
    }

    private func time(_ moment: OldServerPolicy.Moment) -> Timestamp {
        context.now().adding(seconds: -((context.uptime() - moment) / .seconds(1)))
    }
}

extension OldServerPolicy.News {
    fileprivate var eventKind: EventRecord.Kind {
        switch self {
        case .isUnreachable, .isSilent: .oldServerUnreachable
        case .answersAgain: .oldServerAnswers
        case .bearsOnly, .bearsAll, .penalises: .oldServerLimits
        }
    }
}
