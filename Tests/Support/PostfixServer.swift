// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real Postfix on loopback: SMTP AUTH by Dovecot, as `clients/dovecot/postfix-main.cf` has it, and delivery to the
/// same Dovecot by LMTP. Its configuration, queue and log are in a folder of its own; the machine's Postfix, if there
/// is one, is not touched. Wants root.
///
///     let postfix = try await PostfixServer(for: dovecot, domain: "example.com")
///     defer { postfix.stop() }
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class PostfixServer: @unchecked Sendable {
    public let port: Int
    public let folder: URL
    private var process: Process?

    public init(for dovecot: PlatformDovecot, domain: String) async throws {
        port = try LoopbackSocket.freePort()
        folder = URL(filePath: "/var/tmp/mailmove-postfix-\(UUID().uuidString.prefix(8).lowercased())")
        let files = FileManager.default
        for name in ["etc", "data", "queue/pid"] {
            try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        try files.setAttributes([.ownerAccountName: "postfix"], ofItemAtPath: folder.appending(path: "data").path)
        for (name, mode) in Self.queues {
            let queue = folder.appending(path: "queue/\(name)").path
            try files.createDirectory(atPath: queue, withIntermediateDirectories: true)
            try files.setAttributes([.ownerAccountName: "postfix", .posixPermissions: mode], ofItemAtPath: queue)
            if mode != 0o700 { try files.setAttributes([.groupOwnerAccountName: "postdrop"], ofItemAtPath: queue) }
        }
        let shipped = try String(contentsOf: PlatformDovecot.shipped("postfix-main.cf"), encoding: .utf8)
            .replacingOccurrences(of: "private/auth", with: dovecot.saslSocket)
            .replacingOccurrences(of: "smtpd_tls_auth_only = yes", with: "smtpd_tls_auth_only = no")
        let main = shipped + own(domain, dovecot)
        try Data(main.utf8).write(to: folder.appending(path: "etc/main.cf"))
        try Data(services.utf8).write(to: folder.appending(path: "etc/master.cf"))
        try await start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
    }

    private func start() async throws {
        let process = Process()
        // master closes all descriptors it has inherited, by one of which Process would notice its end.
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = [
            "-c", #"set -m; "$@" & trap "kill $!" TERM; wait $!; wait $!"#, "bash",
            "/usr/lib/postfix/sbin/master", "-d", "-c", folder.appending(path: "etc").path,
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<400 {
            if LoopbackSocket.isListening(port: port) { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw DovecotServer.NotStarted(description: "Postfix did not start: \(log)")
    }

    /// Ends it, with all its processes.
    public func stop() {
        guard let process, process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// Everything it has logged.
    public var log: String {
        (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "(no log)"
    }

    // MARK: Configuration

    private static let queues: [(String, Int)] =
        ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace"]
        .map { ($0, 0o700) } + [("maildrop", 0o730), ("public", 0o710)]

    private func own(_ domain: String, _ dovecot: PlatformDovecot) -> String {
        """

        compatibility_level = 3.6
        queue_directory = \(folder.path)/queue
        data_directory = \(folder.path)/data
        maillog_file = \(folder.path)/log
        maillog_file_prefixes = /var/tmp
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = mail.new.example
        mydestination =
        local_recipient_maps =
        mynetworks =
        virtual_mailbox_domains = \(domain)
        virtual_transport = lmtp:unix:\(dovecot.lmtpSocket)
        smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
        smtpd_authorized_xclient_hosts = 127.0.0.1
        # What slows guessing down would slow the test down.
        smtpd_error_sleep_time = 0
        smtpd_client_connection_count_limit = 0

        """
    }

    private var services: String {
        """
        127.0.0.1:\(port) inet n - n - - smtpd
        pickup unix n - n 60 1 pickup
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        error unix - - n - - error
        anvil unix - - n - 1 anvil
        proxymap unix - - n - - proxymap
        lmtp unix - - n - - lmtp
        postlog unix-dgram n - n - 1 postlogd

        """
    }
}
