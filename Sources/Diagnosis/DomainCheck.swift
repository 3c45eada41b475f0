// SPDX-License-Identifier: Apache-2.0

import DNS
package import Ground
import MailSource
import Records
import Synchronization
public import Vocabulary
import Waiting

/// Tells whether DNS points to the new platform yet, and whether the old server can still be reached.
public final class DomainCheck: Sendable {
    /// A domain's records, and what they mean.
    public struct Outcome: Sendable {
        /// With the addresses of each, the most preferred first.
        public var exchangers: [(preference: Int, host: String, addresses: [IPAddress])]
        public var addresses4: [IPAddress]
        public var addresses6: [IPAddress]
        /// As printable text; the first if there are several.
        public var spf: String?
        public var findings: [DomainFinding]

        public var isOK: Bool { !findings.contains { $0.severity == .error } }
    }

    /// Seconds for the whole check, however silent DNS and servers are.
    static let mostSeconds = 5.0
    /// Concurrent checks; each takes a thread.
    static let mostChecks = 8
    /// The most records of a kind, and addresses of a host, that are reported.
    static let mostRecords = 50

    private let context: Context
    private let running = Mutex(0)

    package init(context: Context) { self.context = context }

    /// Checks a domain. Failing DNS, or an old server that is down, is a finding, not an error.
    ///
    /// - Parameter platform: what to compare the records with; nil to report only what there is.
    /// - Throws: `MoveError` with `overloaded`; `RecordsError`; `CancellationError`.
    public func check(_ domain: DomainName, platform: MailPlatform?) async throws -> Outcome {
        let isTurn = running.withLock { running in
            if running < Self.mostChecks { running += 1 } else { return false }
            return true
        }
        guard isTurn else {
            throw MoveError(.overloaded, "\(Self.mostChecks) domains are being checked already; try again in a moment")
        }
        defer { running.withLock { $0 -= 1 } }
        let deadline = ContinuousClock.now + .seconds(Self.mostSeconds)
        var facts = DomainFacts(domain: domain, platform: platform ?? MailPlatform())
        let settings = try await context.records.settings(of: domain)
        async let move = move(settings)
        let oldName = settings.map(\.oldServer.host).flatMap { IPAddress($0) == nil ? $0 : nil }
        facts = await context.limits.resolver.session(until: deadline) { [facts] session in
            var facts = facts
            await facts.gather(from: session, oldName: oldName)
            return facts
        }
        facts.move = try await move
        if case .active(var old) = facts.move {
            old.isThisMachine = facts.oldAddresses.contains { context.probe.leadsHere($0, port: old.server.port) }
            facts.move = .active(old)
        }
        try Task.checkCancellation()
        return Outcome(facts)
    }

    // MARK: - The old server

    private func move(_ settings: MigrationSettings?) async throws -> DomainFacts.Move {
        guard let settings else { return .none }
        let state = settings.state(at: context.now())
        guard state == .active else { return .over(state) }
        let server = settings.oldServer
        var old = DomainFacts.Old(server: server)
        let found = Mutex<[IPAddress]>([])
        let reached = try await withDeadline(seconds: Self.mostSeconds) { [context] in
            try await Self.reach(server, context) { addresses in found.withLock { $0 = addresses } }
        }
        old.addresses = found.withLock { $0 }
        if let address = IPAddress(server.host) { old.addresses = [address] }
        switch reached {
        case .some(let failure): old.failure = failure
        case nil:
            old.failure =
                "the old server \(server.subject) has not answered within \(Int(Self.mostSeconds)) s; check host, port "
                + "and firewalls"
        }
        return .active(old)
    }

    /// Connects as a run would, up to the login. Returns what is wrong and what to do; nil if nothing is.
    private static func reach(
        _ server: OldServer, _ context: Context, resolved: @Sendable ([IPAddress]) -> Void
    ) async throws -> String? {
        do throws(SourceError) {
            let timeouts = context.timeouts
            resolved(try await context.probe.addresses(of: server, timeouts: timeouts))
            let line = try await context.source.connect(to: server, timeouts: timeouts, hiding: nil)
            try await line.leave()
            return nil
        } catch {
            try Task.checkCancellation()
            return error.description
        }
    }
}

extension DomainCheck.Outcome {
    init(_ facts: DomainFacts) {
        let most = DomainCheck.mostRecords
        self.init(
            exchangers: facts.exchangers.records.prefix(most).map { record in
                (record.preference, record.host, Array((facts.hosts[record.host]?.addresses ?? []).prefix(most)))
            }, addresses4: Array(facts.own.four.records.prefix(most)),
            addresses6: Array(facts.own.six.records.prefix(most)),
            spf: facts.spfRecords.first.map { RecordText.shown($0, atMost: 1000) },
            findings: DomainFindings.all(of: facts))
    }
}
