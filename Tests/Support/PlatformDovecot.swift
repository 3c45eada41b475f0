// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// The new platform's mail server: a real Dovecot (IMAP, POP3, LMTP, SASL for Postfix) on loopback, which asks a daemon
/// at every login, by the configuration in `clients/dovecot` as it is shipped, with other paths and users alone.
///
///     let dovecot = try await PlatformDovecot(for: daemon)
///     defer { dovecot.stop() }
///
/// Wants root, and a daemon that runs as ``owner``.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class PlatformDovecot: @unchecked Sendable {
    /// Who owns the mail: the daemon runs as this user.
    public static let owner = "mail"

    /// Dovecot and Postfix start as root and become other users.
    public static var isAvailable: Bool { getuid() == 0 }

    public let imapPort: Int
    public let pop3Port: Int
    public let folder: URL
    private var process: Process?

    /// Where Postfix asks for SASL, and where it delivers; Postfix's queue folder is in place of Debian's.
    public var saslSocket: String { folder.appending(path: "postfix/private/auth").path }
    public var lmtpSocket: String { folder.appending(path: "postfix/private/dovecot-lmtp").path }

    /// - Parameters:
    ///   - daemon: whose login socket is asked, and whose Maildirs are served.
    ///   - loginSocket: another one in its place.
    ///   - configuration: lines behind the shipped ones.
    ///   - change: what is edited in a shipped file, as an administrator would.
    public init(
        for daemon: DaemonProcess, loginSocket: String? = nil, configuration: String = "",
        editing change: (String) throws -> String = { $0 }
    ) async throws {
        imapPort = try LoopbackSocket.freePort()
        pop3Port = try LoopbackSocket.freePort()
        folder = URL(filePath: "/var/tmp/mailmove-new-\(UUID().uuidString.prefix(8).lowercased())")
        for name in ["run", "log", "postfix/private"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        let own = own(loginSocket ?? daemon.loginSocket, configuration)
        try Data(own.utf8).write(to: folder.appending(path: "dovecot.conf"))
        for name in ["90-mailmove.conf", "auth-mailmove.conf.ext"] {
            let shipped = try String(contentsOf: Self.shipped(name), encoding: .utf8)
            try Data(change(here(shipped, daemon)).utf8).write(to: folder.appending(path: name))
        }
        try await start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
    }

    public func start() async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/dovecot")
        process.arguments = ["-F", "-c", configurationFile]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<400 {
            if LoopbackSocket.isListening(port: imapPort) { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw DovecotServer.NotStarted(description: "Dovecot did not start: \(log)")
    }

    public func stop() {
        guard let process, process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// Everything it has logged.
    public var log: String {
        (try? String(contentsOf: folder.appending(path: "log/dovecot.log"), encoding: .utf8)) ?? "(no log)"
    }

    public var configurationFile: String { folder.appending(path: "dovecot.conf").path }

    // MARK: Configuration

    public static func shipped(_ name: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "clients/dovecot/\(name)")
    }

    /// A shipped file with this test's paths and users.
    private func here(_ shipped: String, _ daemon: DaemonProcess) -> String {
        let replacements = [
            "/etc/dovecot/mailmove.lua": Self.shipped("mailmove.lua").path,
            "/var/mail/": daemon.folder.appending(path: "mail").path + "/",
            "/var/spool/postfix/": folder.appending(path: "postfix").path + "/",
            "uid=mailmove gid=mailmove": "uid=\(Self.owner) gid=\(Self.owner)",
            "extra_groups = mailmove-login": "extra_groups = \(Self.owner)",
            "first_valid_uid = 100": "first_valid_uid = 1",
        ]
        return replacements.reduce(shipped) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
    }

    private func own(_ loginSocket: String, _ configuration: String) -> String {
        """
        base_dir = \(folder.path)/run
        state_dir = \(folder.path)/run
        log_path = \(folder.path)/log/dovecot.log
        protocols = imap pop3 lmtp
        listen = 127.0.0.1
        ssl = no
        disable_plaintext_auth = no
        import_environment = $import_environment MAILMOVE_LOGIN_SOCKET=\(loginSocket)
        # As an administrator may have it; the shipped file, which comes later, takes it back.
        auth_cache_size = 10M

        !include \(folder.path)/90-mailmove.conf
        !include \(folder.path)/auth-mailmove.conf.ext

        # What slows guessing down would slow the test down.
        auth_failure_delay = 0
        service anvil {
          unix_listener anvil-auth-penalty {
            mode = 0
          }
        }
        service imap-login {
          inet_listener imap {
            port = \(imapPort)
          }
          inet_listener imaps {
            port = 0
          }
        }
        service pop3-login {
          inet_listener pop3 {
            port = \(pop3Port)
          }
          inet_listener pop3s {
            port = 0
          }
        }
        service lmtp {
          unix_listener \(lmtpSocket) {
            mode = 0666
          }
        }
        \(configuration)

        """
    }
}
