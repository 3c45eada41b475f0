// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A real Cyrus that serves IMAP on loopback, with its classic names (`INBOX.Sent`). Wants root, for it runs as another
/// user.
///
///     let cyrus = try await CyrusServer(users: ["ann": "her password"])
///     defer { cyrus.stop() }
///
/// Its users have no domain. Debian does not install it beside Dovecot, so its packages are unpacked (`UnpackedPackages`).
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class CyrusServer: @unchecked Sendable {
    /// Only root may run programs as others.
    public static var isAvailable: Bool { getuid() == 0 }

    public let imapPort: Int
    public let folder: URL
    private let root: URL
    private var process: Process?

    /// Who may make mailboxes.
    private static let administrator = (name: "cyrus", password: "the administrator's")

    /// - Parameter users: passwords by user name.
    public init(users: [String: String]) async throws {
        imapPort = try LoopbackSocket.freePort()
        folder = URL(filePath: "/var/tmp/mailmove-cyrus-\(UUID().uuidString.prefix(8).lowercased())")
        root = try UnpackedPackages.folder("cyrus", Self.packages)
        for name in ["conf/socket", "conf/proc", "conf/db", "spool"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        try Data(configuration.utf8).write(to: folder.appending(path: "imapd.conf"))
        try Data(services.utf8).write(to: folder.appending(path: "cyrus.conf"))
        for (user, password) in [Self.administrator] + users.map({ ($0.key, $0.value) }) {
            try UnpackedPackages.run(
                root.appending(path: "usr/sbin/saslpasswd2").path,
                ["-p", "-c", "-f", folder.appending(path: "sasldb2").path, "-u", Self.realm, user], input: password,
                environment: libraries)
        }
        try UnpackedPackages.run("chown", ["-R", "nobody:nogroup", folder.path])
        try await start()
        let names = users.keys.sorted()
        try await IMAPUser.run(
            port: imapPort, user: Self.administrator.name, password: Self.administrator.password
        ) { session in
            for name in names { try session.command("CREATE \"user.\(name)\"") }
        }
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind in /var/tmp at worst
    }

    private func start() async throws {
        let process = Process()
        process.executableURL = root.appending(path: "usr/lib/cyrus/bin/master")
        process.arguments = [
            "-C", path("imapd.conf"), "-M", path("cyrus.conf"), "-p", path("pid"), "-D",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(libraries) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<400 {
            if LoopbackSocket.isListening(port: imapPort) { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw DovecotServer.NotStarted(description: "Cyrus did not start; see the system's log")
    }

    /// Ends it; its mail stays until it is let go of.
    public func stop() {
        guard let process, process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    // MARK: Configuration

    private static let packages = ["cyrus-imapd", "sasl2-bin", "libsasl2-modules", "libsasl2-modules-db"]

    private static let realm = "old.example"

    private var libraries: [String: String] {
        let folders = ["usr/lib", "lib"].flatMap { name in
            let folder = root.appending(path: name)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []  // none there
            return names.filter { $0.hasSuffix("-linux-gnu") }.map { folder.appending(path: $0).path }
        }
        return [
            "LD_LIBRARY_PATH": folders.joined(separator: ":"),
            "SASL_PATH": folders.map { "\($0)/sasl2" }.joined(separator: ":"),
        ]
    }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private var configuration: String {
        """
        configdirectory: \(path("conf"))
        partition-default: \(path("spool"))
        proc_path: \(path("conf/proc"))
        mboxname_lockpath: \(path("conf/lock"))
        cyrus_user: nobody
        cyrus_group: nogroup
        admins: \(Self.administrator.name)
        servername: \(Self.realm)
        allowplaintext: yes
        altnamespace: no
        unixhierarchysep: no
        idlemethod: no
        sasl_pwcheck_method: auxprop
        sasl_auxprop_plugin: sasldb
        sasl_sasldb_path: \(path("sasldb2"))
        sasl_mech_list: PLAIN

        """
    }

    private var services: String {
        let programs = root.appending(path: "usr/lib/cyrus/bin").path
        return """
            START {
              recover cmd="\(programs)/ctl_cyrusdb -C \(path("imapd.conf")) -r"
            }
            SERVICES {
              imap cmd="\(programs)/imapd -C \(path("imapd.conf")) -U 30" listen="127.0.0.1:\(imapPort)" prefork=1
            }
            EVENTS {
            }

            """
    }
}
