// SPDX-License-Identifier: Apache-2.0

import Configuring
import IMAPStore
import MailConnection
import MailStore
import MaildirStore
import MessageContent
import NIOCore
import Records
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
                trust: trust, timeouts: timeouts)
        }
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
            specialFolders: imap.namedFolders
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
