// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// After a migration with every mechanism, right and wrong passwords, and servers that repeat them, no password is
    /// anywhere but where it has to be.
    @Suite struct SecretsTests {
        /// Distinct, and as hard to read in JSON as passwords are.
        private static func secret(_ name: String) -> String { #"Zq7-\#(name)-"\#(name.count)\"-geheim"# }

        private static func needles(_ secrets: [String]) -> [String: [UInt8]] {
            var needles: [String: [UInt8]] = [:]
            for secret in secrets {
                needles[secret] = Array(secret.utf8)
                needles["\(secret), in Base64"] = Array(Data(secret.utf8).base64EncodedString().dropLast(4).utf8)
                needles["\(secret), in UTF-16"] = Array(secret.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
                // As NTLM has it for its LM hash ([MS-NLMP] §3.3.1).
                needles["\(secret), in capitals"] = Array(secret.uppercased().utf8.prefix(14))
            }
            return needles
        }

        /// A server that takes one mechanism, whatever is shown, and says it again.
        private static func gullible(_ mechanism: String) throws -> ScriptedServer {
            try ScriptedServer { peer in
                peer.send("+OK ready <1896.697170952@old.example>\r\n")
                while let line = peer.line() {
                    let words = line.split(separator: " ").map(String.init)
                    switch words[0] {
                    case "CAPA":
                        let offered = mechanism == "USER" ? "USER" : "SASL \(mechanism)"
                        peer.send("+OK\r\n\(offered)\r\n.\r\n")
                    case "AUTH" where words[1] == "LOGIN":
                        for prompt in ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"] {
                            peer.send("+ \(prompt)\r\n")
                            _ = peer.line()
                        }
                        peer.send("+OK\r\n")
                    case "AUTH" where words[1] == "NTLM":
                        for challenge in ["", ntlmChallenge] {
                            peer.send("+ \(challenge)\r\n")
                            _ = peer.line()
                        }
                        peer.send("+OK\r\n")
                    case "AUTH" where words.count > 2: peer.send("+OK \(words[2])\r\n")
                    case "AUTH":
                        peer.send("+ PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n")
                        let proof = peer.line() ?? ""
                        peer.send("+OK \(proof)\r\n")
                    case "USER", "PASS", "APOP": peer.send("+OK you said \(line)\r\n")
                    case "STAT": peer.send("-ERR nothing for you\r\n")
                    default: peer.send("-ERR what is \(line)\r\n")
                    }
                }
            }
        }

        /// A CHALLENGE_MESSAGE ([MS-NLMP] §2.2.1.2) that names no target, in Base64.
        private static let ntlmChallenge = Data(
            Array("NTLMSSP".utf8) + [0, 2, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 1, 2, 0, 0] + Array(repeating: 7, count: 8)
                + Array(repeating: 0, count: 8)
        ).base64EncodedString()

        /// A server that repeats every wrong password, in plain text and Base64, and as a unique-id.
        private static func gossip(_ right: String) throws -> MailboxServer {
            var options = MailboxServer.Options()
            options.answer = { line in
                guard line.hasPrefix("PASS "), line != "PASS \(right)" else {
                    return line.hasPrefix("RETR") ? "-ERR \(right) asked for \(line)\r\n" : nil
                }
                let password = line.dropFirst(5)
                let again = Data("\0you\0\(password)".utf8).base64EncodedString()
                return "-ERR [AUTH] \(password) is wrong, and so are \(line.uppercased()) and \(again)\r\n"
            }
            return try MailboxServer(
                user: "ann@gossip.example", password: right, messages: [(right, message(1))], options: options)
        }

        /// Files, events, log, arguments, environment.
        private static func expectNowhere(_ secrets: [String], _ platform: Platform, _ domains: [String]) async throws {
            let needles = needles(secrets)
            var texts: [String: [UInt8]] = [:]
            for case let file as URL in FileManager.default.enumerator(
                at: platform.daemon.folder, includingPropertiesForKeys: nil) ?? FileManager.DirectoryEnumerator()
            {
                if let octets = try? Data(contentsOf: file) { texts[file.path] = Array(octets) }  // none: a folder
            }
            for part in ["cmdline", "environ"] {
                let path = "/proc/\(platform.daemon.identifier)/\(part)"
                texts[path] = FileManager.default.contents(atPath: path).map(Array.init) ?? []
            }
            for domain in domains {
                let events = try await platform.admin.listEvents(ListEvents(domain: DomainName(domain))).events
                texts["events of \(domain)"] = Array(String(describing: events).utf8)
                let status = try await platform.login.queryStatus(account: "ann@\(domain)")
                texts["status of \(domain)"] = Array(String(describing: status).utf8)
            }
            #expect(texts.keys.contains { $0.hasSuffix("mailmove.db") })
            #expect(texts.keys.contains { $0.hasSuffix("/log") })
            for (place, octets) in texts {
                // Mail is the user's: what its sender or server wrote into it stays.
                if place.contains("/Maildir/") { continue }
                for (name, needle) in needles {
                    #expect(Data(octets).firstRange(of: Data(needle)) == nil, "\(name) in \(place)")
                }
            }
        }

        /// Memory, all of it; while mail moves, its password is where it is locked and never dumped.
        private static func expectForgotten(
            _ secrets: [String], _ platform: Platform, guardedAtMost: Bool = false,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            guard ProcessMemory.isVisible else { return }
            var hits: [ProcessMemory.Hit] = []
            for _ in 0..<50 {  // what is in hand ends soon
                hits = try ProcessMemory.find(needles(secrets), in: platform.daemon.identifier)
                if guardedAtMost { hits.removeAll(where: \.isGuarded) }
                if hits.isEmpty { break }
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(hits.isEmpty, sourceLocation: sourceLocation)
        }

        @Test func noPasswordIsLeftBehindAnywhere() async throws {
            var secrets: [String] = []
            try await Platform.running(environment: ["MAILMOVE_LOG_LEVEL": "trace", "MAILMOVE_TIMEOUTS_LOGIN": "60"]) {
                platform in
                var domains: [String] = []
                func account(_ domain: String, _ server: OldServerParameters) async throws -> String {
                    domains.append(domain)
                    let new = Self.secret("new-\(domain)")
                    let old = Self.secret("old-\(domain)")
                    secrets += [new, old]
                    let created = try await platform.admin.createAccounts([
                        CreateAccounts.Row(address: "ann@\(domain)", password: Password(new))
                    ])
                    #expect(created.created == 1)
                    _ = try await platform.admin.enableMigration(
                        EnableMigration(domain: DomainName(domain), oldServer: server))
                    return old
                }

                for mechanism in ["USER", "PLAIN", "LOGIN", "CRAM-MD5", "APOP", "NTLM"] {
                    let server = try Self.gullible(mechanism)
                    defer { server.stop() }
                    let isSecure = ["CRAM-MD5", "APOP", "NTLM"].contains(mechanism)
                    let domain = "\(mechanism.lowercased()).example"
                    let old = try await account(domain, .loopback(port: server.port, secure: isSecure))
                    let answer = try await platform.logIn("ann@\(domain)", password: old)
                    #expect(answer.decision == .accept, "\(mechanism): \(String(describing: answer.migration?.error))")
                    _ = try await platform.settled("ann@\(domain)")
                    _ = try await platform.admin.disableMigration(domain: domain)
                }
                for mechanism in ["scram-sha-256", "scram-sha-1", "digest-md5", "plain"] {
                    var options = DovecotServer.Options()
                    options.hasTLS = true
                    options.mechanisms = "plain \(mechanism)"
                    let domain = "\(mechanism).tls.example"
                    let password = Self.secret("old-\(domain)")
                    let dovecot = try await DovecotServer(users: ["ann@\(domain)": password], options: options)
                    defer { dovecot.stop() }
                    try dovecot.fill("ann@\(domain)", with: (0..<3).map { withLineFeeds(message($0)) })
                    let old = try await account(
                        domain, .loopback(port: dovecot.port, .opportunistic, secure: mechanism != "plain"))
                    #expect(try await platform.logIn("ann@\(domain)", password: old).decision == .accept)
                    let status = try await platform.settled("ann@\(domain)")
                    #expect(status.status == .completed, "\(String(describing: status.error))")
                }

                let right = Self.secret("old-gossip.example")
                let gossip = try Self.gossip(right)
                defer { gossip.stop() }
                let old = try await account("gossip.example", .loopback(port: gossip.port))
                // What a server itself repeats, and calls its messages by, is read like any answer, and not wiped: only
                // looked for outside memory.
                secrets.removeAll { $0 == old }
                let wrong = Self.secret("guess")
                #expect(try await platform.logIn("ann@gossip.example", password: wrong).decision == .reject)
                let findings = try await platform.admin.verifyOldServer(
                    VerifyOldServer(
                        oldServer: .loopback(port: gossip.port), account: EmailAddress("ann@gossip.example"),
                        password: Password(wrong)))
                #expect(!findings.ok)
                #expect(!String(describing: findings).contains(wrong))
                #expect(try await platform.logIn("ann@gossip.example", password: old).decision == .accept)
                #expect(try await platform.settled("ann@gossip.example").error?.reason == .messagesRefused)
                let later = Self.secret("later")
                secrets.append(later)
                try await platform.admin.setPassword(account: "ann@gossip.example", password: Password(later))
                _ = try await platform.admin.disableMigration(domain: "gossip.example")

                try await Self.expectForgotten(secrets, platform)
                try await Self.expectNowhere(secrets + [old, wrong], platform, domains)
            }
        }

        @Test func whileMailMovesItsPasswordIsLockedAwayFromDumpsAndSwap() async throws {
            let hasBegun = Atomic(false)
            var options = MailboxServer.Options()
            options.pauseMilliseconds = 20
            options.answer = { line in
                if line.hasPrefix("RETR") { hasBegun.store(true, ordering: .relaxed) }
                return nil
            }
            let old = Self.secret("old-slow")
            let server = try MailboxServer(
                user: Platform.ann, password: old, messages: messages(0..<400), options: options)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                #expect(try await platform.logIn(password: old).decision == .accept)
                while !hasBegun.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(5)) }
                try await Self.expectForgotten([old], platform, guardedAtMost: true)
                #expect(try await platform.status().status == .inProgress)
                // prctl(2): nobody but root may look, and no core is dumped.
                let owner =
                    try FileManager.default.attributesOfItem(
                        atPath: "/proc/\(platform.daemon.identifier)/mem")[.ownerAccountID] as? Int
                #expect(owner == 0)
            }
        }
    }
}
