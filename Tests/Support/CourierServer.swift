// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real Courier that serves POP3 and IMAP on loopback, and bears few connections from one address. Wants root.
///
///     let courier = try await CourierServer(users: ["ann@example.com": "her password"])
///     defer { courier.stop() }
///     try courier.fill("ann@example.com", with: [message])
///
/// Debian does not install it beside Dovecot. So its packages are unpacked into a folder, which is kept for the next
/// test, and laid over `/usr` and `/etc` in a mount namespace that only this server sees. The paths of its password
/// daemon, which are fixed, are the server's own there.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class CourierServer: @unchecked Sendable {
    /// Only root may make a mount namespace.
    public static var isAvailable: Bool { getuid() == 0 }

    public let port: Int
    public let imapPort: Int
    public let folder: URL
    private var process: Process?

    /// - Parameters:
    ///   - users: passwords by user name; no line breaks, quotes or bars.
    ///   - perAddress: connections at once from one address (`MAXPERIP`; 4 in Debian's configuration).
    public init(users: [String: String], perAddress: Int = 4) async throws {
        port = try LoopbackSocket.freePort()
        imapPort = try LoopbackSocket.freePort()
        folder = URL(filePath: "/var/tmp/mailmove-courier-\(UUID().uuidString.prefix(8).lowercased())")
        let packages = try UnpackedPackages.folder("courier", Self.packages)
        let files = FileManager.default
        try files.createDirectory(at: folder.appending(path: "etc/courier"), withIntermediateDirectories: true)
        for user in users.keys {
            for name in ["new", "cur", "tmp"] {
                try files.createDirectory(
                    at: maildir(of: user).appending(path: name), withIntermediateDirectories: true)
            }
        }
        try UnpackedPackages.run("chown", ["-R", "nobody:", folder.appending(path: "mail").path])
        try write(Self.authdaemonrc, to: "etc/courier/authdaemonrc")
        try write(try userdb(users), to: "etc/courier/userdb")
        try files.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: folder.appending(path: "etc/courier/userdb").path)
        try write(Self.script, to: "start")
        try await start(packages, perAddress)
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
    }

    private func start(_ packages: URL, _ perAddress: Int) async throws {
        let log = folder.appending(path: "log")
        try Data().write(to: log)
        let output = try FileHandle(forWritingTo: log)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unshare")
        process.arguments = [
            "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", folder.appending(path: "start").path,
            packages.path, folder.path, "\(perAddress)", "\(port)", "\(imapPort)",
        ]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<400 {
            if LoopbackSocket.isListening(port: port), LoopbackSocket.isListening(port: imapPort) { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw DovecotServer.NotStarted(description: "Courier did not start: \(self.log)")
    }

    /// Ends it, with all its processes; its mail stays until it is let go of.
    public func stop() {
        guard let process, process.isRunning else { return }
        // The first process of a namespace takes all others with it.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// Everything it has logged.
    public var log: String {
        (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "(no log)"
    }

    /// The connections to its POP3 that the system knows of, as it tells them (proc(5), `/proc/net/tcp`): `REMOTE STATE`.
    public var connections: [String] {
        let port = String(format: "%04X", port)
        let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
        return table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[1].hasSuffix(":" + port) || fields[2].hasSuffix(":" + port) else {
                return nil
            }
            return fields[1...3].joined(separator: " ")
        }
    }

    public func maildir(of user: String) -> URL { folder.appending(path: "mail/\(user)/Maildir") }

    /// Puts messages into a user's INBOX, once; line ends as they are to be kept.
    public func fill(_ user: String, with messages: some Sequence<[UInt8]>) throws {
        let new = maildir(of: user).appending(path: "new")
        for (index, message) in messages.enumerated() {
            try Data(message).write(to: new.appending(path: "\(1_700_000_000 + index).M1P1.old.example"))
        }
        try UnpackedPackages.run("chown", ["-R", "nobody:", new.path])
    }

    // MARK: Configuration

    private static let packages = [
        "courier-pop", "courier-imap", "courier-base", "courier-authlib", "courier-authlib-userdb",
    ]

    private static let authdaemonrc = "authmodulelist=\"authuserdb\"\ndaemons=5\n"

    /// Arguments: the packages, the server's folder, connections per address, ports of POP3 and IMAP.
    private static let script = """
        set -euo pipefail
        mount -t tmpfs courier /run
        mkdir -p /run/courier/authdaemon
        mount -t overlay -o "lowerdir=$1/usr:/usr" courier /usr
        mount -t overlay -o "lowerdir=$2/etc:$1/etc:/etc" courier /etc
        makeuserdb -f "$2/etc/courier/userdb"
        export AUTHMODULES=authdaemon MAILDIRPATH=Maildir POP3AUTH=
        /usr/lib/courier/courier-authlib/authdaemond &
        for ((i = 0; i < 200; i++)); do
          [[ -S /run/courier/authdaemon/socket ]] && break
          sleep 0.05
        done
        programs=/usr/lib/courier/courier
        serve() {
          couriertcpd -address=127.0.0.1 -maxprocs=40 -maxperip="$maximum" -nodnslookup -noidentlookup "$@" Maildir
        }
        maximum=$3
        (
          set -a
          . /etc/courier/imapd
          IMAP_TLS_REQUIRED=0 IMAP_STARTTLS=NO IMAP_USELOCKS=0 IMAP_ENHANCEDIDLE=0 IMAP_MAILBOX_SANITY_CHECK=0
          IMAP_CAPABILITY="IMAP4rev1 UIDPLUS CHILDREN NAMESPACE SORT QUOTA" IMAP_EMPTYTRASH= IMAP_KEYWORDS=1
          serve "$5" "$programs/imaplogin" /usr/bin/imapd
        ) &
        set -a
        . /etc/courier/pop3d
        POP3AUTH=
        serve "$4" "$programs/courierpop3login" "$programs/courierpop3d"

        """

    private func userdb(_ users: [String: String]) throws -> String {
        let users = users.sorted { $0.key < $1.key }
        try write(users.map { "\($0.value)\n" }.joined(), to: "passwords")
        let passwords = folder.appending(path: "passwords")
        let hashes = try UnpackedPackages.run("openssl", ["passwd", "-1", "-in", passwords.path]).split(separator: "\n")
        try FileManager.default.removeItem(at: passwords)
        return zip(users, hashes).map { user, hash in
            let maildir = maildir(of: user.key)
            let home = maildir.deletingLastPathComponent().path
            return "\(user.key)\tuid=65534|gid=65534|home=\(home)|mail=\(maildir.path)|systempw=\(hash)\n"
        }.joined()
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: folder.appending(path: name))
    }
}
