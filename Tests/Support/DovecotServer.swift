// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real Dovecot that serves POP3, and IMAP if asked to, on loopback, as the old server of a test. Works as root and as anybody else.
///
///     let dovecot = try await DovecotServer(users: ["ann@example.com": "her password"])
///     defer { dovecot.stop() }
///     try dovecot.fill("ann@example.com", with: [message])
///
/// Everything it keeps lies in one temporary folder, which goes when the server is let go of.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class DovecotServer: @unchecked Sendable {
    public struct Options: Sendable {
        public var mechanisms = "plain login apop cram-md5 digest-md5 scram-sha-1 scram-sha-256"
        /// Offers `STLS`, and a second port with TLS from the first octet.
        public var hasTLS = false
        /// Serves IMAP besides.
        public var hasIMAP = false
        /// The names in the certificate.
        public var certificateNames = "DNS:localhost,IP:127.0.0.1"
        /// Refuses a password in plain text outside TLS. (Dovecot itself trusts clients on loopback; this takes that away.)
        public var refusesPlainText = false
        /// After wrong passwords, answers all who come from the same address ever later, as Dovecot does unless told
        /// otherwise.
        public var punishesWrongPasswords = false
        /// Further lines of configuration.
        public var configuration = ""

        public init() {}
    }

    public let port: Int
    /// nil without TLS.
    public let tlsPort: Int?
    /// nil without IMAP.
    public let imapPort: Int?
    /// nil without IMAP and TLS.
    public let imapTLSPort: Int?
    public let folder: URL
    private let options: Options
    private var process: Process?

    /// - Parameter users: passwords by user name, any octets that Swift text can hold.
    public init(users: [String: String], options: Options = Options()) async throws {
        port = try LoopbackSocket.freePort()
        tlsPort = options.hasTLS ? try LoopbackSocket.freePort() : nil
        imapPort = options.hasIMAP ? try LoopbackSocket.freePort() : nil
        imapTLSPort = options.hasIMAP && options.hasTLS ? try LoopbackSocket.freePort() : nil
        self.options = options
        folder = URL(fileURLWithPath: "/tmp/mailmove-dovecot-\(UUID().uuidString.prefix(8))")
        for name in ["run", "mail", "log"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        let rows = users.sorted { $0.key < $1.key }.map { user, password in
            "\(user):{PLAIN.b64}\(Data(password.utf8).base64EncodedString())\n"
        }
        try Data(rows.joined().utf8).write(to: folder.appendingPathComponent("users"))
        if options.hasTLS { try makeCertificate() }
        try Data(configuration.utf8).write(to: folder.appendingPathComponent("dovecot.conf"))
        try await start()
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind in /tmp at worst
    }

    /// The server's own certificate in PEM form, which signs itself.
    public var certificate: String { folder.appendingPathComponent("tls.crt").path }

    /// Starts the server again, on the same port.
    public func start() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.path(of: "dovecot"))
        process.arguments = ["-F", "-c", folder.appendingPathComponent("dovecot.conf").path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<400 {
            if LoopbackSocket.isListening(port: port), imapPort.map({ LoopbackSocket.isListening(port: $0) }) ?? true {
                return
            }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        let log = try? String(contentsOf: folder.appendingPathComponent("log/dovecot.log"), encoding: .utf8)
        throw NotStarted(description: "Dovecot did not start: \(log ?? "it wrote no log")")
    }

    /// Ends the server; its mail stays until it is let go of.
    public func stop() {
        guard let process, process.isRunning else { return }
        let list = "/proc/\(process.processIdentifier)/task/\(process.processIdentifier)/children"
        let children = (try? String(contentsOfFile: list, encoding: .utf8))?.split(separator: " ") ?? []
        process.terminate()
        process.waitUntilExit()
        self.process = nil
        // They may serve their users a moment longer.
        for child in children {
            for attempt in 0..<500 where access("/proc/\(child)/exe", F_OK) == 0 {
                if attempt == 400, let child = pid_t(child) { kill(child, SIGKILL) }
                usleep(10_000)
            }
        }
    }

    public func maildir(of user: String) -> URL { folder.appendingPathComponent("mail/\(user)") }

    /// Puts messages into a user's INBOX, in this order; line ends as they are to be kept.
    /// - Parameter directory: of another folder, as a Maildir has it.
    public func fill(_ user: String, with messages: some Sequence<[UInt8]>, in directory: String = "") throws {
        let maildir = maildir(of: user).appendingPathComponent(directory)
        for name in ["new", "cur", "tmp"] {
            try FileManager.default.createDirectory(
                at: maildir.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        let before = directory.isEmpty ? count(user) : 0
        for (index, message) in messages.enumerated() {
            let name = "\(1_700_000_000 + before + index).M1P1.old.example"
            try Data(message).write(to: maildir.appendingPathComponent("new/\(name)"))
        }
        try giveMail(of: user)
    }

    /// Lets the server have what was put into a user's mailbox.
    public func giveMail(of user: String) throws {
        if getuid() == 0 { try Self.run("chown", ["-R", "\(owner):", maildir(of: user).path]) }
    }

    /// Lets the server have mail that lies elsewhere.
    public func give(_ path: String) throws {
        if getuid() == 0 { try Self.run("chown", ["-R", "\(owner):", path]) }
    }

    /// How many messages a user has.
    public func count(_ user: String) -> Int {
        ["new", "cur"].reduce(0) { sum, name in
            let files = try? FileManager.default.contentsOfDirectory(
                atPath: maildir(of: user).appendingPathComponent(name).path)  // absent: none
            return sum + (files?.count ?? 0)
        }
    }

    public struct NotStarted: Error, CustomStringConvertible {
        public let description: String
    }

    // MARK: - Configuration

    /// Who owns the mail: root may not.
    private var owner: String { getuid() == 0 ? "nobody" : NSUserName() }

    private var configuration: String {
        let folder = folder.path
        let isRoot = getuid() == 0
        var text = """
            base_dir = \(folder)/run
            state_dir = \(folder)/run
            log_path = \(folder)/log/dovecot.log
            protocols = pop3\(options.hasIMAP ? " imap" : "")
            listen = 127.0.0.1
            mail_location = maildir:\(folder)/mail/%u
            first_valid_uid = 1
            auth_mechanisms = \(options.mechanisms)
            disable_plaintext_auth = \(options.refusesPlainText ? "yes" : "no")
            ssl = \(options.hasTLS ? "yes" : "no")
            default_client_limit = 1000
            default_process_limit = 100
            mail_max_userip_connections = 100
            passdb {
              driver = passwd-file
              args = scheme=PLAIN username_format=%u \(folder)/users
            }
            userdb {
              driver = static
              args = uid=\(owner) gid=\(isRoot ? "nogroup" : "\(getgid())") home=\(folder)/mail/%u
            }
            service pop3-login {
              service_count = 0
              inet_listener pop3 {
                port = \(port)
              }
              inet_listener pop3s {
                port = \(tlsPort ?? 0)
                ssl = yes
              }
            }

            """
        if !options.punishesWrongPasswords {
            text += """
                auth_failure_delay = 0
                service anvil {
                  unix_listener anvil-auth-penalty {
                    mode = 0
                  }
                }

                """
        }
        if let imapPort {
            text += """
                service imap-login {
                  service_count = 0
                  inet_listener imap {
                    port = \(imapPort)
                  }
                  inet_listener imaps {
                    port = \(imapTLSPort ?? 0)
                    ssl = yes
                  }
                }

                """
        }
        if options.hasTLS {
            text += """
                ssl_cert = <\(folder)/tls.crt
                ssl_key = <\(folder)/tls.key

                """
        }
        if !isRoot {
            text += """
                default_internal_user = \(owner)
                default_internal_group = \(getgid())
                default_login_user = \(owner)
                service anvil {
                  chroot =
                }
                service pop3-login {
                  chroot =
                }
                service imap-login {
                  chroot =
                }
                service stats {
                  chroot =
                }

                """
        }
        return text + options.configuration + "\n"
    }

    private func makeCertificate() throws {
        try Self.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=old.example", "-addext", "subjectAltName=\(options.certificateNames)",
                "-keyout", folder.appendingPathComponent("tls.key").path, "-out", certificate,
            ])
    }

    private static func path(of program: String) -> String {
        ["/usr/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"].map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) } ?? program
    }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path(of: program))
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw NotStarted(description: "\(program) ended with \(process.terminationStatus)")
        }
    }
}
