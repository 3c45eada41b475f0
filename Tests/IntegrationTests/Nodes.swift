// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

/// Daemons that share a database and a mail store, and an old server with so many messages of each account.
struct Nodes: Sendable {
    static let leaseSeconds = 5

    let database: (server: PostgreSQLServer, name: String)
    let old: MailboxServer
    let daemons: [DaemonProcess]
    let sent: [String: [MailboxServer.Message]]
    let ground: SharedGround
    /// Where the mail goes, if not into Maildirs.
    var store: MailPlatform?

    var first: DaemonProcess { daemons[0] }
    var second: DaemonProcess { daemons[1] }
    var platforms: [Platform] { daemons.map(Platform.init) }
    var users: [String] { sent.keys.sorted() }

    static let names = ["first", "second", "third"]

    /// - Parameters:
    ///   - hosts: where they find the database, if not at the server itself: `HOST:PORT,HOST:PORT`.
    ///   - byIMAP: whether the mail goes into a Dovecot.
    ///   - keepsSockets: whether sockets outlive their daemon, as systemd's do: `SIGUSR1` restarts it.
    static func with(
        nodes count: Int = 2, accounts: Int = 2, messages: Int = 60, pause: Int = 10,
        database: (server: PostgreSQLServer, name: String)? = nil, through hosts: String? = nil,
        byIMAP: Bool = false, keepsSockets: Bool = false, starts: Bool = true,
        _ body: (Nodes) async throws -> Void
    ) async throws {
        let database =
            if let database { database } else { try await SharedPostgreSQL.shared.database() }
        let users = (0..<accounts).map { "user\($0)@\(Platform.domain)" }
        let sent = Dictionary(
            users.enumerated().map { place, user in
                (user, (0..<messages).map { ("uid-\($0)", message(place * 1000 + $0)) })
            }
        ) { $1 }
        var options = MailboxServer.Options()
        options.pauseMilliseconds = pause
        let old = try MailboxServer(
            passwords: Dictionary(users.map { ($0, Platform.oldPassword) }) { $1 }, mail: sent, options: options)
        defer { old.stop() }
        let ground = try SharedGround(
            place: "\(hosts ?? "127.0.0.1:\(database.server.port)")/\(database.name)", leaseSeconds: leaseSeconds)
        defer { ground.remove() }
        let store = byIMAP ? try await MailPlatform(users: users) : nil
        defer { store?.stop() }
        let environment = try store.map { try ground.intoIMAP($0) } ?? [:]
        let daemons = try names.prefix(count).map {
            try ground.node($0, environment, shell: keepsSockets ? SharedGround.keepingSockets : nil)
        }
        let nodes = Nodes(
            database: database, old: old, daemons: daemons, sent: sent, ground: ground, store: store)
        defer { for daemon in daemons { daemon.kill() } }
        if starts {
            for daemon in daemons { try await daemon.start() }
            try await Platform(daemons[0]).create(users)
            try await Platform(daemons[0]).enable(.loopback(port: old.port))
        }
        try await body(nodes)
        for daemon in daemons { #expect(!daemon.log.contains(PostgreSQLServer.password)) }
    }

    /// Until all have moved, as this node tells it.
    func allDone(on platform: Platform, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for user in users {
            var status: Status?
            for _ in 0..<600 where status?.status != .completed {
                // It may not answer as long as its database is away.
                status = try? await platform.status(user)
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(
                status?.status == .completed, "\(user): \(String(describing: status?.error))",
                sourceLocation: sourceLocation)
            #expect(status?.moved == sent[user]?.count, sourceLocation: sourceLocation)
        }
    }

    /// Each message is there once, and no other.
    func expectArrived(sourceLocation: SourceLocation = #_sourceLocation) throws {
        for (user, messages) in sent {
            func sorted(_ all: [[UInt8]]) -> [String] { all.map { String(decoding: $0, as: UTF8.self) }.sorted() }
            let arrived = try arrived(for: user).map { withoutUIDL(withLineFeeds($0)).octets }
            #expect(
                sorted(arrived) == sorted(messages.map { withLineFeeds($0.octets) }), "\(user)",
                sourceLocation: sourceLocation)
        }
    }

    private func arrived(for user: String) throws -> [[UInt8]] {
        if let store { return try store.messages(of: user).map(\.octets) }
        let inbox = ground.maildir(of: user)
        return try ["new", "cur"].flatMap { part in
            try FileManager.default.contentsOfDirectory(
                at: inbox.appending(path: part), includingPropertiesForKeys: nil)
        }.map { [UInt8](try Data(contentsOf: $0)) }
    }

    func logIn(_ user: String, on platform: Platform) async throws {
        #expect(try await platform.logIn(user).decision == .accept)
    }

    /// Each at another node, in turn.
    func logInEverybody() async throws {
        for (place, user) in users.enumerated() { try await logIn(user, on: platforms[place % platforms.count]) }
    }

    /// Until something has been fetched.
    func moving() async throws {
        for _ in 0..<600 where old.seen.count(where: { $0.hasPrefix("RETR") }) < 20 {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

extension SharedGround {
    /// What has mail go into a Dovecot.
    fileprivate func intoIMAP(_ store: MailPlatform) throws -> [String: String] {
        try Data(MailPlatform.masterPassword.utf8).write(to: credentials.appending(path: "imap-master"))
        return [
            "MAILMOVE_MAIL_STORE_KIND": "imap", "MAILMOVE_MAIL_STORE_IMAP_ADDRESS": "127.0.0.1:\(store.line.port)",
            "MAILMOVE_MAIL_STORE_IMAP_SECURITY": "none", "MAILMOVE_MAIL_STORE_IMAP_MASTER_USER": MailPlatform.master,
        ]
    }

    /// Listens in place of the daemon, and hands the sockets over to each that it starts.
    fileprivate static let keepingSockets = """
        exec /usr/bin/python3 -c '
        import ctypes, os, signal, socket, sys
        os.closerange(3, 20)
        sockets = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for number, name in enumerate(("admin", "login")):
            sockets[number].bind(name + ".sock")
            sockets[number].listen(1000)
            os.set_inheritable(sockets[number].fileno(), True)
        assert [s.fileno() for s in sockets] == [3, 4]
        signals = {signal.SIGUSR1, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        def start():
            child = os.fork()
            if child: return child
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it ends with this process
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="admin:login")
            os.execv(sys.argv[1], sys.argv[1:])
        child = start()
        while True:
            told = signal.sigwait(signals)
            os.kill(child, signal.SIGTERM)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if told == signal.SIGTERM or status != 0: sys.exit(status)
            child = start()
        ' "$@"
        """
}
