// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// mailcow and docker-mailserver, whose containers are not run here: their Dovecot's configuration in front of the
    /// same Dovecot, and what the page says to add to it, word for word; only paths are others.
    @Suite(.enabled(if: PlatformDovecot.isAvailable, "Dovecot beside other users' mail wants root"))
    struct PlatformPageTests {
        private static let users = ["ann@example.com": "old of ann", "bob@example.com": "old öf bob"]

        private static func hash(of password: String) async throws -> String {
            let outcome = try await CommandOutcome.of("openssl", ["passwd", "-6", password])
            return "{SHA512-CRYPT}" + outcome.output.filter { !$0.isNewline }
        }

        /// What the platform's own Lua asks, whose words are ours: application passwords, SOGo's secret, and the account's.
        private static func mailcowLua(_ server: MariaDBServer) -> String {
            """
            local function rows(sql)
              local pipe = io.popen("/usr/bin/mariadb --no-defaults -S \(server.socket) -udovecot -pdove-Pass-1 "
                .. "-NB mailcow -e \\"" .. sql .. "\\" 2>/dev/null")
              local found = {}
              for line in pipe:lines() do found[#found + 1] = line end
              pipe:close()
              return found
            end
            function auth_password_verify(request, password)
              if request.rip == "172.22.1.248" and password == "sogo-Secret-9" then
                return dovecot.auth.PASSDB_RESULT_OK, {}
              end
              local user = request.user:gsub(".", function(c) return string.format("%02X", c:byte()) end)
              for _, sql in ipairs {
                "SELECT password FROM app_passwd WHERE HEX(mailbox) = '" .. user .. "' AND active = 1",
                "SELECT password FROM mailbox WHERE HEX(username) = '" .. user .. "' AND active = 1",
              } do
                for _, hash in ipairs(rows(sql)) do
                  if request:password_verify(hash, password) > 0 then return dovecot.auth.PASSDB_RESULT_OK, {} end
                end
              end
              return dovecot.auth.PASSDB_RESULT_PASSWORD_MISMATCH, {}
            end
            function auth_passdb_lookup(request) return dovecot.auth.PASSDB_RESULT_USER_UNKNOWN, {} end
            function script_init() return 0 end
            function script_deinit() end
            """
        }

        private func answer(
            _ dovecot: PlatformDovecot, _ user: String, _ password: String, from address: String? = nil
        ) async throws -> String {
            try await MailLogin.answer(
                .imap, port: dovecot.imapPort, user: user, password: Array(password.utf8), from: address)
        }

        private func userdb(_ daemon: DaemonProcess) -> String {
            """
            userdb {
              driver = static
              args = uid=\(PlatformDovecot.owner) gid=\(PlatformDovecot.owner) home=\(daemon.folder.path)/mail/%d/%n allow_all_users=yes
            }
            """
        }

        private static let quick = ["MAILMOVE_PASSWORDS_SCHEME": "sha512"]

        /// Starts the daemon as the page configures it: it finds the platform's accounts, and nothing wrong with them.
        private func enabled(
            _ daemon: DaemonProcess, _ configuration: String, _ old: MailboxServer
        ) async throws -> Platform {
            try Data(configuration.utf8).write(to: daemon.folder.appending(path: "mailmoved.yaml"))
            try await daemon.start()
            let platform = Platform(daemon)
            #expect(try await platform.enable(.loopback(port: old.port)).counts.notStarted == 2)
            let findings = try await platform.admin.verifyAccounts(account: Platform.ann)
            #expect(findings.ok, "\(findings.checks)")
            return platform
        }

        @Test(.enabled(if: MariaDBServer.isAvailable)) func mailcow() async throws {
            let page = try PlatformPage("mailcow")
            let folder = "/var/tmp/mailmove-mailcow-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            func write(_ name: String, _ text: String, mode: Int = 0o644) throws -> String {
                let path = "\(folder)/\(name)"
                try Data(text.utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                return path
            }
            let server = try await MariaDBServer()
            defer { server.stop() }
            try await server.sql("CREATE DATABASE mailcow CHARACTER SET utf8mb4", in: "")
            for table in PlatformTables.mailcow.tables { try await server.sql(table, in: "mailcow") }
            try await server.sql("DROP USER mailmove; DROP USER mailmove@localhost", in: "")
            let grant = try page.block(with: "GRANT").replacing("'…'", with: "'\(MariaDBServer.password)'")
            try await server.sql(grant, in: "")
            try await server.sql(
                "CREATE USER dovecot@localhost IDENTIFIED BY 'dove-Pass-1'; GRANT SELECT ON mailcow.* TO dovecot@localhost",
                in: "")
            for user in Self.users.keys {
                let account = PlatformTables.Account(user, try await Self.hash(of: Platform.newPassword))
                for statement in PlatformTables.mailcow.adding(account) {
                    try await server.sql(statement, in: "mailcow")
                }
            }
            try await server.sql(
                """
                INSERT INTO app_passwd (name, mailbox, domain, password) VALUES ('phone', 'ann@example.com', 'example.com',
                '\(try await Self.hash(of: "app-Pass-4"))')
                """, in: "mailcow")
            // Docker notes down what it was asked.
            let docker = try write("docker", "#!/bin/sh\necho \"$*\" >>\(folder)/docker.log\n", mode: 0o755)
            let flush = try write(
                "flush", page.block(with: "docker exec").replacing("docker exec", with: "\(docker) exec"), mode: 0o755)
            let secret = try write("secret", MariaDBServer.password + "\n")
            let lua = try write("passwd-verify.lua", Self.mailcowLua(server))
            let masters = try write("dovecot-master.passwd", "mover:{PLAIN}master-Pass-3::::::\n")

            let old = try MailboxServer(passwords: Self.users, mail: ["ann@example.com": messages(0..<3)])
            defer { old.stop() }
            let configuration = try page.block(with: "preset: mailcow")
                .replacing(
                    "mysql://mailmove@127.0.0.1:13306/mailcow",
                    with: "mysql://mailmove@/mailcow?socket=\(server.socket)"
                )
                .replacing("/usr/local/sbin/mailcow-flush", with: flush)
            #expect(configuration.contains(flush) && configuration.contains(server.socket))
            let daemon = try DaemonProcess(
                environment: Self.quick.merging(["MAILMOVE_ACCOUNTS_PASSWORD_FILE": secret]) { $1 },
                user: PlatformDovecot.owner)
            defer { daemon.kill() }
            let platform = try await enabled(daemon, configuration, old)

            // As mailcow has it, and before the first passdb what the page says.
            let ours = try page.block(with: "passdb {")
                .replacing("/etc/dovecot/mailmove.lua", with: PlatformDovecot.shipped("mailmove.lua").path)
            let theirs = """
                auth_master_user_separator = *
                login_trusted_networks = 127.0.0.0/8
                passdb {
                  driver = lua
                  args = file=\(lua) blocking=yes
                  result_success = return-ok
                  result_failure = continue
                  result_internalfail = continue
                }
                passdb {
                  driver = passwd-file
                  args = \(masters)
                  master = yes
                  skip = authenticated
                }
                passdb {
                  driver = lua
                  args = file=\(lua) blocking=yes
                }
                \(userdb(daemon))

                """
            let dovecot = try await PlatformDovecot(for: daemon) { $0.contains("driver = lua") ? ours + theirs : $0 }
            defer { dovecot.stop() }

            #expect(try await answer(dovecot, Platform.ann, "app-Pass-4").hasPrefix("OK"), "\(dovecot.log.suffix(900))")
            #expect(try await answer(dovecot, Platform.ann, "sogo-Secret-9", from: "172.22.1.248").hasPrefix("OK"))
            #expect(try await answer(dovecot, "ann@example.com*mover", "master-Pass-3").hasPrefix("OK"))
            #expect(try await answer(dovecot, Platform.ann, "sogo-Secret-9", from: "192.0.2.1").hasPrefix("NO [AUTH"))
            for user in Self.users.keys.sorted() {
                #expect(try await answer(dovecot, user, Platform.newPassword).hasPrefix("OK"))
                #expect(
                    try await answer(dovecot, user, Self.users[user] ?? "").hasPrefix("OK"),
                    "\(dovecot.log.suffix(900))")
                #expect(try await answer(dovecot, user, Platform.newPassword).hasPrefix("NO [AUTH"))
            }
            #expect(try await platform.settled().moved == 3)
            // Nothing but passwords that somebody has tried as the account's own.
            let shown = old.seen.joined(separator: "\n")
            #expect(!shown.contains("app-Pass-4") && !shown.contains("master-Pass-3"), "\(shown)")
            let flushed = try String(contentsOfFile: folder + "/docker.log", encoding: .utf8)
            #expect(
                flushed.contains("exec mailcowdockerized-dovecot-mailcow-1 doveadm auth cache flush bob@example.com"))

            // To leave.
            try Data(theirs.utf8).write(to: dovecot.folder.appending(path: "auth-mailmove.conf.ext"))
            dovecot.stop()
            try await dovecot.start()
            _ = try await daemon.terminate()
            try await server.sql("DROP USER mailmove@'%'", in: "")
            old.stop()
            for (user, password) in Self.users {
                #expect(try await answer(dovecot, user, password).hasPrefix("OK"))
                #expect(try await answer(dovecot, user, Platform.newPassword).hasPrefix("NO [AUTH"))
            }
            #expect(try await answer(dovecot, Platform.ann, "app-Pass-4").hasPrefix("OK"))
        }

        @Test func dockerMailserver() async throws {
            let page = try PlatformPage("docker-mailserver")
            let folder = "/var/tmp/mailmove-dms-\(UUID().uuidString.prefix(8))"
            for name in ["config", "conf.d"] {
                try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
                try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: "\(folder)/\(name)")
            }
            defer { try? FileManager.default.removeItem(atPath: folder) }
            func write(_ name: String, _ text: String, mode: Int = 0o666) throws -> String {
                let path = "\(folder)/\(name)"
                try Data(text.utf8).write(to: URL(filePath: path))
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
                return path
            }
            let hash = try await Self.hash(of: Platform.newPassword)
            let accounts = try write(
                "config/postfix-accounts.cf", Self.users.keys.sorted().map { "\($0)|\(hash)\n" }.joined())
            let program = try write(
                "dms-accounts",
                page.block(with: "import fcntl").replacing(
                    "/srv/docker-mailserver/config/postfix-accounts.cf", with: accounts),
                mode: 0o755)
            let wait = try write("dms-wait", page.block(with: "sleep 4"), mode: 0o755)
            // Every two seconds it makes Dovecot's file of its own.
            let detector = Process()
            detector.executableURL = URL(filePath: "/bin/bash")
            detector.arguments = [
                "-c",
                """
                while sleep 2; do
                  sed 's/|\\(.*\\)/:\\1:::::/' '\(accounts)' >'\(folder)/userdb.new' && mv '\(folder)/userdb.new' '\(folder)/userdb'
                done
                """,
            ]
            try detector.runTakingSignals()
            defer { detector.terminate() }
            let userdbFile = "\(folder)/userdb"
            for _ in 0..<200 where !FileManager.default.fileExists(atPath: userdbFile) {
                try await Task.sleep(for: .milliseconds(50))
            }
            let old = try MailboxServer(passwords: Self.users, mail: ["ann@example.com": messages(0..<3)])
            defer { old.stop() }
            let configuration = try page.block(with: "kind: command")
                .replacing("/usr/local/sbin/dms-accounts", with: program).replacing(
                    "/usr/local/sbin/dms-wait", with: wait)
            let daemon = try DaemonProcess(environment: Self.quick, user: PlatformDovecot.owner)
            defer { daemon.kill() }
            let platform = try await enabled(daemon, configuration, old)

            // As docker-mailserver has it, changed by what the page has in user-patches.sh.
            _ = try write("conf.d/10-auth.conf", "auth_mechanisms = plain login\n!include auth-passwdfile.inc\n")
            _ = try write(
                "conf.d/auth-passwdfile.inc",
                """
                passdb {
                  driver = passwd-file
                  args = scheme=SHA512-CRYPT username_format=%u \(userdbFile)
                }
                \(userdb(daemon))

                """)
            let patches = try page.block(with: "auth-mailmove.inc <<")
                .replacing("/etc/dovecot/mailmove.lua", with: PlatformDovecot.shipped("mailmove.lua").path)
                .replacing("/etc/dovecot/conf.d", with: "\(folder)/conf.d")
            let patched = try await CommandOutcome.of("bash", ["-euc", patches])
            #expect(patched.status == 0, "\(patched.output)")
            let dovecot = try await PlatformDovecot(for: daemon) {
                $0.contains("driver = lua") ? "!include \(folder)/conf.d/10-auth.conf\n" : $0
            }
            defer { dovecot.stop() }
            for user in Self.users.keys.sorted() {
                #expect(
                    try await answer(dovecot, user, Platform.newPassword).hasPrefix("OK"), "\(dovecot.log.suffix(900))")
                // The first time already.
                #expect(
                    try await answer(dovecot, user, Self.users[user] ?? "").hasPrefix("OK"),
                    "\(dovecot.log.suffix(900))")
                #expect(try await answer(dovecot, user, Platform.newPassword).hasPrefix("NO [AUTH"))
            }
            #expect(try await platform.settled().moved == 3)

            // To leave.
            _ = try write("conf.d/10-auth.conf", "auth_mechanisms = plain login\n!include auth-passwdfile.inc\n")
            dovecot.stop()
            try await dovecot.start()
            _ = try await daemon.terminate()
            old.stop()
            for (user, password) in Self.users {
                #expect(try await answer(dovecot, user, password).hasPrefix("OK"))
                #expect(try await answer(dovecot, user, Platform.newPassword).hasPrefix("NO [AUTH"))
            }
        }
    }
}
