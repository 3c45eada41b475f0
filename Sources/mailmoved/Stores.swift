// SPDX-License-Identifier: Apache-2.0

import Configuring
import IMAPStore
import Logging
import MailConnection
import MailStore
import MaildirStore
import MessageContent
import NIOCore
import NIOPosix
import Records
import SQLiteRecords
import Secrets
import Systemd
import Vocabulary

/// Where mail goes, by `mailStore.kind`.
enum Stores {
    /// - Parameter timeouts: as they are now.
    /// - Throws: `MailStoreError`, `SystemdError` where the configuration cannot work.
    static func open(
        _ configuration: DaemonConfiguration, contentKey: ContentKey, group: any EventLoopGroup, trust: TLSTrust,
        timeouts: @escaping @Sendable () -> Timeouts
    ) throws -> any MailStore {
        switch configuration.mailStore.kind {
        case .maildir:
            return try MaildirStore(
                path: configuration.mailStore.maildirPath, contentKey: contentKey, pool: FilePool(),
                layout: FolderLayout(configuration.mailStore.maildirLayout),
                specialFolders: configuration.mailStore.specialFolders,
                isShared: configuration.mailStore.isMaildirShared)
        case .imap:
            let platform = try platform(configuration)
            // A password that is missing now is missing for good.
            _ = try platform.password()
            return IMAPStore(
                platform, contentKey: contentKey, spoolDirectory: configuration.stateDirectory, group: group,
                trust: trust, timeouts: timeouts,
                // What a node leaves in its system's hands is gone before another takes over.
                unacknowledged: configuration.isDatabaseShared ? .seconds(4) : .seconds(10))
        }
    }

    /// Looks at the platform, as `--check` does, in this mailbox or another that the records know.
    /// - Returns: what is good and what is not, for people, and whether only an administrator can mend it.
    static func look(
        _ configuration: DaemonConfiguration, entering mailbox: EmailAddress?
    ) async throws -> (good: [String], lines: [String], isWrong: Bool) {
        guard configuration.mailStore.kind == .imap else { return ([], [], false) }
        let platform = try platform(configuration)
        var lines: [String] = []
        var account = mailbox
        if account == nil, !configuration.isDatabaseShared {
            account = SQLiteRecords.anyAddress(in: configuration.databasePath)
        }
        do {
            _ = try platform.password()
        } catch {
            // By hand, the service's credentials are not there.
            lines.append("\(error). So the master user has not been tried: the service does that when it starts")
            account = nil
        }
        let timeouts = configuration.timeouts
        let store = IMAPStore(
            platform, contentKey: try ContentKey([UInt8](repeating: 0, count: 32), form: .poly1305),
            spoolDirectory: configuration.stateDirectory, group: MultiThreadedEventLoopGroup.singleton,
            timeouts: { Timeouts(connect: .seconds(min(5, timeouts.connect)), read: .seconds(min(5, timeouts.read))) },
            log: Logger(label: "check") { _ in SwiftLogNoOpLogHandler() })
        let findings = await store.verify(entering: account).findings
        store.close()
        if account == nil, lines.isEmpty { lines.append("name a mailbox to try the platform with: --mailbox ADDRESS") }
        lines += findings.filter { $0.severity != .good }.map(\.text)
        return (
            findings.filter { $0.severity == .good }.map(\.text), lines, findings.contains { $0.severity == .wrong }
        )
    }

    static func platform(_ configuration: DaemonConfiguration) throws -> Platform {
        let imap = configuration.mailStore.imap
        guard let address = imap.address, let master = imap.masterUser else {
            throw MailStoreError(
                code: .failed, detail: "mailStore.kind is imap: mailStore.imap.address or masterUser is missing")
        }
        let security: TransportSecurity =
            switch imap.security {
            case .starttls: .starttls
            case .tls: .tls
            case .none: .none
            }
        let server = OldServer(
            .imap, host: address.host, port: address.port, security: security,
            certificate: CertificateCheck(verify: security == .none ? .none : imap.verify, sha256: imap.sha256))
        let file = imap.masterPasswordFile
        return Platform(
            server: server, masterUser: master, userFormat: .init(imap.userFormat), connections: imap.connections,
            specialFolders: configuration.mailStore.namedFolders
        ) { () throws(MailStoreError) in try masterPassword(file) }
    }

    private static func masterPassword(_ file: String?) throws(MailStoreError) -> Password {
        func password(_ octets: UnsafeRawBufferPointer) -> Password { Password(octets: octets) }
        do {
            if let password = try Credential.withLine(named: "imap-master", atMost: Password.longest, password) {
                return password
            }
            if let file,
                let password = try Credential.withLine(
                    of: file, "mailStore.imap.masterPasswordFile", atMost: Password.longest, password)
            {
                return password
            }
        } catch {
            throw MailStoreError(code: .refused, detail: "the platform's master password: \(error)")
        }
        throw MailStoreError(
            code: .refused,
            detail: "mailStore.kind is imap, and the master user's password is not here: give it as the credential "
                + "imap-master (systemctl edit mailmoved: LoadCredentialEncrypted=imap-master:FILE) or in a file that "
                + "mailStore.imap.masterPasswordFile names")
    }
}

extension FolderLayout {
    fileprivate init(_ layout: MaildirLayout) {
        self =
            switch layout {
            case .maildirPlusPlus: .maildirPlusPlus
            case .fs: .fs
            }
    }
}
