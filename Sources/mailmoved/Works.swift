// SPDX-License-Identifier: Apache-2.0

import BuiltinDirectory
import Configuring
import Ground
import IMAPSource
import IMAPStore
import Logging
import MailConnection
import MailSource
import MailStore
import MessageContent
import Migration
import NIOPosix
import POP3Source
import Records
import Secrets
import Vocabulary

/// Everything that works with the database.
struct Works: Sendable {
    let records: any Records
    let store: any MailStore
    let move: MailMove
    let pool: HashingPool
    let report: ServiceReport

    /// What they are made with besides.
    struct Parts: Sendable {
        var configuration: CurrentConfiguration
        var sealKey: SealKey
        var limits: MoveLimits
        var group: MultiThreadedEventLoopGroup
        var trust: TLSTrust
    }

    /// - Throws: `RecordsError`, `MailStoreError`, `SecretsError`, `SystemdError`.
    init(_ records: any Records, kind: String, _ parts: Parts) async throws {
        self.records = records
        let current = parts.configuration
        store = try Stores.open(
            current.value, contentKey: try await .kept(in: records), group: parts.group, trust: parts.trust
        ) {
            let timeouts = current.value.timeouts
            return Timeouts(connect: .seconds(timeouts.connect), read: .seconds(timeouts.read))
        }
        let ledgerHash = try KeyedHash(key: try await Keys.ledgerKey("ledger-key", in: records))
        // Last of the steps that may fail, because its owner must end it.
        pool = try HashingPool(waitingLogins: 2048, decoyScheme: parts.limits.passwordScheme)
        let source = SourcesByProtocol(
            pop3: POP3Source(group: parts.group, trust: parts.trust),
            imap: IMAPSource(group: parts.group, trust: parts.trust))
        move = MailMove(
            records: records, directory: BuiltinDirectory(records: records), source: source, probe: source,
            store: store, pool: pool, sealKey: parts.sealKey, ledgerHash: ledgerHash, limits: parts.limits)
        report = ServiceReport(
            records: records, kind: kind, node: records.areShared ? current.value.nodeName : nil, move: move,
            storeKind: store.traits.kind)
    }

    /// Starts nothing more.
    func stop() {
        move.stop()
        (store as? IMAPStore)?.stop()
    }
}
