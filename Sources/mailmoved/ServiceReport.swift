// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import MailMoveAPI
import MailStore
import Methods
import Migration
import Records
import Synchronization
import Vocabulary

/// How the daemon is doing: what `getServiceStatus` answers and `systemctl status` shows.
final class ServiceReport: Sendable {
    private let records: any Records
    private let store: any MailStore
    private let move: MailMove
    private let startedAt = Timestamp.now
    private let server = Mutex<(@Sendable () -> Int)?>(nil)

    init(records: any Records, store: any MailStore, move: MailMove) {
        self.records = records
        self.store = store
        self.move = move
    }

    /// Whose clients are counted.
    func serve(_ server: JSONRPCServer<MethodTable>) {
        self.server.withLock { $0 = { [weak server] in server?.clients ?? 0 } }
    }

    var clients: Int { server.withLock { $0?() ?? 0 } }

    func status() async -> ServiceStatus {
        let load = move.scheduler.load
        let isStoreOpen = await succeeds { try await self.records.check() }
        let takesMail = await succeeds { try await self.store.check() }
        return ServiceStatus(
            version: Vocabulary.version, startedAt: startedAt, moving: load.moving, queued: load.queued,
            clients: clients, store: ServiceStatus.Part(kind: "sqlite", ok: isStoreOpen),
            mailStore: ServiceStatus.Part(kind: "maildir", ok: takesMail),
            statusText: text(load, isStoreOpen: isStoreOpen, takesMail: takesMail))
    }

    private func text(_ load: (moving: Int, queued: Int), isStoreOpen: Bool, takesMail: Bool) -> String {
        var parts = ["\(load.moving) moving, \(load.queued) queued, \(clients) clients"]
        if !isStoreOpen { parts.append("the database does not answer") }
        if !takesMail { parts.append("the mail store cannot take mail") }
        return parts.joined(separator: "; ")
    }

    private func succeeds(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch {
            return false
        }
    }
}
