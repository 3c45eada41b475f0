// SPDX-License-Identifier: Apache-2.0

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
    private let log: Logger

    /// What they are made with besides.
    struct Parts: Sendable {
        var configuration: CurrentConfiguration
        var sealKey: SealKey
        var limits: MoveLimits
        var group: MultiThreadedEventLoopGroup
        var trust: TLSTrust
        var log: Logger
    }

    /// - Throws: `RecordsError`, `MailStoreError`, `SecretsError`, `SystemdError`, `DirectoryError`.
    init(_ records: any Records, kind: String, _ parts: Parts) async throws {
        self.records = records
        log = parts.log
        let current = parts.configuration
        store = try Stores.open(
            current.value, contentKey: try await .kept(in: records), group: parts.group, trust: parts.trust
        ) {
            let timeouts = current.value.timeouts
            return Timeouts(connect: .seconds(timeouts.connect), read: .seconds(timeouts.read))
        }
        let ledgerHash = try KeyedHash(key: try await Keys.ledgerKey("ledger-key", in: records))
        let directory = try Accounts.directory(
            current.value, records: records, group: parts.group, log: parts.log)
        // Last of the steps that may fail, because its owner must end it.
        pool = try HashingPool(waitingLogins: 2048, decoyScheme: parts.limits.passwordScheme)
        let source = SourcesByProtocol(
            pop3: POP3Source(group: parts.group, trust: parts.trust),
            imap: IMAPSource(group: parts.group, trust: parts.trust))
        move = MailMove(
            records: records, directory: directory, source: source, probe: source,
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

    /// Nothing runs any more.
    func close() { (store as? IMAPStore)?.close() }

    /// Says in the log how things stand with the platform; mail waits where something is wrong, and logins do not.
    func verifyPlatform() async {
        guard let store = store as? IMAPStore else { return }
        var (account, proof): ((address: EmailAddress, hasMail: Bool)?, String?)
        do {
            (account, proof) = (try await move.anyAccount(), try await move.platformProof)
            if let account { try await move.beginTrial(in: account.address) }
        } catch {
            log.debug("no mailbox is known to try the master user with: \(error)")
        }
        let verification = await store.verify(
            entering: account?.address, isThere: account?.hasMail ?? false, knowing: proof)
        if account != nil {
            do {
                try await move.keep(platformProof: verification.proof)
            } catch {
                log.debug("the platform is tried again at the next start: \(error)")
            }
        }
        for finding in verification.findings {
            switch finding.severity {
            case .good: log.info("\(finding.text)")
            case .advice: log.notice("\(finding.text)")
            case .passing: log.warning("\(finding.text)", metadata: ["reason": "mailStoreUnavailable"])
            case .wrong: log.error("\(finding.text)", metadata: ["reason": "mailStoreUnavailable"])
            }
        }
    }
}
