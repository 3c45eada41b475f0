// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSONRPC
import Logging
import MailMoveAPI
import MailStore
import Measures
import Methods
import Migration
import OpenMetrics
import Records
import Synchronization
import Vocabulary

/// The daemon's state, as `getServiceStatus` answers and `systemctl status` shows it.
final class ServiceReport: Sendable {
    private let records: any Records
    private let kind: String
    private let node: String?
    private let move: MailMove
    private let storeKind: String
    private let startedAt = Timestamp.now
    private let isFailing = Mutex(false)
    private let latest = Mutex<(status: ServiceStatus, at: ContinuousClock.Instant)?>(nil)
    private let log = Logger(label: "mailmoved")
    private let server = Mutex<(@Sendable () -> Int)?>(nil)

    /// - Parameters:
    ///   - kind: as `getServiceStatus` calls the database.
    ///   - node: this node's name, where several share it.
    ///   - storeKind: as `mailStore.kind` calls where mail goes.
    init(records: any Records, kind: String, node: String?, move: MailMove, storeKind: String) {
        self.records = records
        self.kind = kind
        self.node = node
        self.move = move
        self.storeKind = storeKind
    }

    /// Sets the server whose clients are counted.
    func serve(_ server: JSONRPCServer<Reception>) {
        self.server.withLock { $0 = { [weak server] in server?.clients ?? 0 } }
    }

    var clients: Int { server.withLock { $0?() ?? 0 } }

    func status() async -> ServiceStatus {
        let load = move.scheduler.load
        let databaseFault = await databaseFault()
        let fault = await mailStoreFault()
        let status = ServiceStatus(
            version: Vocabulary.version, startedAt: startedAt, moving: load.moving, queued: load.queued,
            clients: clients, store: ServiceStatus.Part(kind: kind, ok: databaseFault == nil),
            mailStore: ServiceStatus.Part(kind: storeKind, ok: fault == nil),
            statusText: await text(load, databaseFault, fault),
            nodes: databaseFault == nil ? await nodes() : [])
        latest.withLock { $0 = (status, .now) }
        return status
    }

    /// Those that share the database.
    private func nodes() async -> [ServiceStatus.Node] {
        guard records.areShared else { return [] }
        // A moment ago it answered.
        let nodes = (try? await records.nodes()) ?? []
        return nodes.map {
            ServiceStatus.Node(
                name: $0.name, version: $0.version, startedAt: $0.startedAt, seenAt: $0.seenAt, moving: $0.moving)
        }
    }

    /// As it was a second ago at most: whoever reads figures as fast as they come costs the database nothing more.
    private func recentStatus() async -> ServiceStatus {
        if let (status, at) = latest.withLock({ $0 }), ContinuousClock.now - at < .seconds(1) { return status }
        return await status()
    }

    /// The figures for monitoring, as OpenMetrics.
    @Sendable func metrics() async -> String {
        let status = await recentStatus()
        let load = move.scheduler.load
        var samples = [
            Sample(Measures.Name.build, [status.version], 1),
            Sample(Measures.Name.startTime, [], Double(startedAt.milliseconds) / 1000),
            Sample(Measures.Name.movesRunning, [], Double(load.moving)),
            Sample(Measures.Name.movesQueued, [], Double(load.queued)),
            Sample(Measures.Name.databaseUp, [], status.store.ok ? 1 : 0),
            Sample(Measures.Name.storeUp, [], status.mailStore.ok ? 1 : 0),
            Sample(Measures.Name.clients, [], Double(clients)),
        ]
        if let node {
            samples.append(Sample(Measures.Name.node, [node], 1))
            let seen = status.nodes.count { Timestamp.now.seconds(since: $0.seenAt) < 60 }
            samples.append(Sample(Measures.Name.nodes, [], Double(seen)))
        }
        for (server, isReachable) in move.reachableServers {
            samples.append(Sample(Measures.Name.oldServerUp, [server], isReachable ? 1 : 0))
        }
        return Daemon.metrics.text(samples)
    }

    /// `3 moving, 12 queued, 1,204 accounts done; old server mail.old.example unreachable since 10:02`.
    private func text(
        _ load: (moving: Int, queued: Int), _ databaseFault: (any Error)?, _ fault: MailStoreError?
    ) async -> String {
        var line = "\(load.moving.grouped) moving, \(load.queued.grouped) queued"
        do {
            line += ", \(Int(try await move.completedAccounts()).grouped) accounts done"
        } catch {
            // Reported below.
        }
        if let databaseFault {
            let isFull = (databaseFault as? RecordsError)?.errno == ENOSPC
            line += isFull ? "; the database's disk is full: moves wait" : "; the database does not answer"
        }
        switch fault?.code {
        case nil: break
        case .unresponsive: line += "; the mail store does not answer"
        case .unmarked: line += "; the mail store is not the one that mail was moved to (is it mounted?)"
        default: line += "; the mail store cannot take mail"
        }
        if !move.accounts.areAnswering { line += "; the platform's accounts cannot be read" }
        let lost = move.unreachable
        for (host, since) in lost.prefix(2) { line += "; old server \(host) unreachable since \(since.shortLocal)" }
        if lost.count > 2 { line += "; and \(lost.count - 2) other old servers" }
        return line
    }

    private func mailStoreFault() async -> MailStoreError? {
        do {
            try await move.checkMailStore()
            return nil
        } catch let error as MailStoreError {
            return error
        } catch {
            return nil  // the database's fault, which is told beside it
        }
    }

    /// What is wrong with the database; the beginning and end of a fault are logged.
    private func databaseFault() async -> (any Error)? {
        do {
            try await records.check()
            if isFailing.withLock({ $0.becomes(false) }) { log.notice("the database takes changes again") }
            return nil
        } catch {
            if isFailing.withLock({ $0.becomes(true) }) {
                log.error(
                    "\(error) Until then logins are decided by what is known, and moves wait.",
                    metadata: ["reason": "databaseUnavailable"])
            }
            return error
        }
    }
}

extension Bool {
    /// - Returns: whether the value has changed.
    fileprivate mutating func becomes(_ value: Bool) -> Bool {
        defer { self = value }
        return self != value
    }
}

extension Int {
    /// `1,204`.
    var grouped: String {
        let digits = Array(String(magnitude))
        var text = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return text
    }
}

extension Timestamp {
    /// In local time, as journalctl(1) shows times: `10:02`, or `Nov 24 10:02` if that is a day ago.
    var shortLocal: String {
        var time = time_t(milliseconds / 1000)
        var parts = tm()
        localtime_r(&time, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let isRecent = Timestamp.now.seconds(since: self) < 86_400
        let length = strftime(&text, text.count, isRecent ? "%H:%M" : "%b %e %H:%M", &parts)
        return String(decoding: text.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
