// SPDX-License-Identifier: Apache-2.0

@testable import Configuring
import Testing
import Vocabulary

@Suite struct FileTests {
    @Test(arguments: [
        "", "{}", "# nothing\n", "---\n", "\n\n", "~\n", "\u{FEFF}# a byte order mark\n", "--- {}\n...\n",
    ])
    func aFileThatSaysNothingIsFine(yaml: String) throws {
        #expect(try load(yaml).configuration == DaemonConfiguration())
    }

    @Test func groupsWhoseKeysAreAllCommentedOutAreFine() throws {
        let loaded = try load("mailStore:\n  # kind: maildir\nlimits:\n  concurrentMoves:\nidleExit: ~\n")
        #expect(loaded.configuration == DaemonConfiguration())
    }

    @Test func everyKeyIsReadFromTheFile() throws {
        let configuration = try load(
            """
            mailStore:
              kind: maildir
              maildir: {path: "/srv/mail/%d/%n"}
            database: {url: sqlite:/srv/mailmove.db}
            limits:
              concurrentMoves: 1
              connectionsPerOldServer: 2
              secondsBetweenRuns: 0.5
              requestBytes: 4096
              connections: 3
              failuresPerAccount: 4
              failuresPerAddress: 6
              trustedAddresses: [192.0.2.1, "2001:DB8:0::1"]
            timeouts: {connect: 1, read: 2, login: 3}
            dns: {server: 127.0.0.1:5353}
            passwords: {scheme: sha512, cacheSeconds: 0}
            idleExit: 60
            log: {level: debug}
            """
        ).configuration
        var expected = DaemonConfiguration()
        expected.mailStore = .init(kind: .maildir, maildirPath: "/srv/mail/%d/%n")
        expected.databaseURL = "sqlite:/srv/mailmove.db"
        expected.limits = .init(
            concurrentMoves: 1, connectionsPerOldServer: 2, secondsBetweenRuns: 0.5, requestBytes: 4096,
            connections: 3, failuresPerAccount: 4, failuresPerAddress: 6,
            trustedAddresses: ["192.0.2.1", "2001:db8::1"])
        expected.timeouts = .init(connect: 1, read: 2, login: 3)
        expected.dnsServer = HostAndPort(host: "127.0.0.1", port: 5353)
        expected.passwords = .init(scheme: .sha512, cacheSeconds: 0)
        expected.idleExit = 60
        expected.logLevel = .debug
        #expect(configuration == expected)
    }

    @Test(
        arguments: [
            (
                "limits:\n  concurentMoves: 5\n", 2,
                "unknown key limits.concurentMoves; did you mean limits.concurrentMoves?"
            ),
            ("# one\nlimit:\n  connections: 5\n", 2, "unknown key limit; did you mean limits?"),
            ("\nconcurrentMoves: 5\n", 2, "unknown key concurrentMoves; did you mean limits.concurrentMoves?"),
            ("limits: {level: info}\n", 1, "unknown key limits.level; did you mean log.level?"),
            ("idleexit: 5\n", 1, "unknown key idleexit; did you mean idleExit?"),
            ("frobnication: 5\n", 1, "unknown key frobnication; known are mailStore.kind, mailStore.maildir.path"),
            ("limits.connections: 5\n", 1, "unknown key limits.connections; write limits: {connections: …}"),
            ("<<: {}\n", 1, "unknown key <<"),
            ("? [a]\n: 5\n", 1, "a key must be a word"),
        ])
    func anUnknownKeyStopsTheStartWithItsLineAndTheNearestKey(yaml: String, line: Int, text: String) {
        let failure = failure(yaml)
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("\(path), line \(line): \(text)"))
        #expect(!failure.text.contains("\n"))
    }

    @Test(
        arguments: [
            ("limits:\n\n  concurrentMoves: 0\n", 3, "a whole number from 1 to 10000, found \"0\""),
            ("limits: {concurrentMoves: 1.5}", 1, "a whole number from 1 to 10000, found \"1.5\""),
            ("limits: {concurrentMoves: lots}", 1, "a whole number from 1 to 10000, found \"lots\""),
            ("limits: {concurrentMoves: \"64\"}", 1, "a whole number from 1 to 10000, found the text \"64\""),
            ("limits: {concurrentMoves: [64]}", 1, "a whole number from 1 to 10000, found a list"),
            ("limits: {concurrentMoves: {a: 1}}", 1, "a whole number from 1 to 10000, found keys below it"),
            ("limits: {requestBytes: 99999999999999999999}", 1, "a whole number from 1024 to 1073741824"),
            ("timeouts:\n  connect: 0\n", 2, "a number of seconds from 0.1 to 600, found \"0\""),
            ("timeouts:\n  read: .inf\n", 2, "a number of seconds from 0.1 to 3600, found \".inf\""),
            ("timeouts: {login: nan}", 1, "a number of seconds from 0.1 to 300, found \"nan\""),
            ("idleExit: 10s", 1, "a number of seconds from 0 to 31536000, found \"10s\""),
            ("idleExit: -1", 1, "a number of seconds from 0 to 31536000, found \"-1\""),
            ("log: {level: warn}", 1, "info, notice, warning, error or critical, found \"warn\""),
            ("passwords: {scheme: md5}", 1, "yescrypt, sha512 or bcrypt, found \"md5\""),
            ("mailStore: {kind: mbox}", 1, "maildir or imap, found \"mbox\""),
            ("mailStore: {maildir: {path: mail/%u}}", 1, "(it does not begin with /)"),
            ("mailStore: {maildir: {path: ''}}", 1, "(it does not begin with /)"),
            ("mailStore: {maildir: {path: /m/%h/%u}}", 1, "(%h is not known)"),
            ("mailStore: {maildir: {path: /m/%u%}}", 1, "(it ends in %)"),
            ("mailStore: {maildir: {path: \"/m/\\n%u\"}}", 1, "(it contains a control character)"),
            ("mailStore: {kind: lmtp}", 1, "maildir or imap, found \"lmtp\""),
            ("mailStore: {lmtp: {address: 'inet:[::1]:24'}}", 1, "unknown key mailStore.lmtp"),
            ("dns: {server: localhost}", 1, "(the port is missing)"),
            ("dns: {server: 192.0.2.1}", 1, "HOST:PORT, or [ADDRESS]:PORT for IPv6, found \"192.0.2.1\""),
            ("dns: {server: '192.0.2.1:0'}", 1, "(the port is no number from 1 to 65535)"),
            ("dns: {server: '::1:53'}", 1, "(an IPv6 address is written in brackets)"),
            ("dns: {server: '[nonsense]:53'}", 1, "(what stands in brackets is no IPv6 address)"),
            ("dns: {server: 'a b:53'}", 1, "(the host is no name or address)"),
            ("limits: {trustedAddresses: [192.0.2.0/24]}", 1, "(\"192.0.2.0/24\" is a network; name each address)"),
            ("limits: {trustedAddresses: 'a, 192.0.2.1'}", 1, "(\"a\" is no IP address)"),
            ("limits: {trustedAddresses: [{a: b}]}", 1, "found something else in the list"),
            ("database: {url: mailmove.db}", 1, "sqlite:/PATH, sqlite:$STATE/NAME or postgresql://…"),
            ("database: {url: 'sqlite:mailmove.db'}", 1, "sqlite:/PATH, sqlite:$STATE/NAME or postgresql://…"),
            ("\nlimits: 5\n", 2, "limits: expected keys below it: concurrentMoves, connectionsPerOldServer"),
            ("mailStore: []\n", 1, "mailStore: expected keys below it: kind, maildir, folders, imap"),
            ("- limits\n", 1, "expected keys"),
            ("hello\n", 1, "expected keys"),
        ])
    func aWrongValueStopsTheStartWithItsLineAndWhatIsExpected(yaml: String, line: Int, text: String) {
        let failure = failure(yaml)
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("\(path), line \(line): "))
        #expect(failure.text.contains(text))
        #expect(!failure.text.contains("\n"))
    }

    @Test(
        arguments: [
            ("idleExit: 1\nlog:\n  level: info\nidleExit: 2\n", 4, "idleExit is given twice, first on line 1"),
            ("limits:\n  connections: 1\n  # twice\n  connections: 1\nidleExit: 2\n", 4, "connections is given twice"),
            ("limits:\n  connections: 1\nidleExit: 1\nlimits:\n  requestBytes: 2048\n", 4, "limits is given twice"),
            ("idleExit: 1\n\"idleExit\": 2\n", 2, "idleExit is given twice, first on line 1"),
        ])
    func aKeyThatIsGivenTwiceStopsTheStartWithTheSecondLine(yaml: String, line: Int, text: String) {
        let failure = failure(yaml)
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("\(path), line \(line): \(text)"))
    }

    @Test(
        arguments: [
            ("limits:\n\tconnections: 1\n", 2, "never with tabs"),
            ("limits: {connections: 1\nidleExit: 3\n", 2, "this is no valid YAML"),
            ("idleExit: 1\n---\nidleExit: 2\n", 2, "this is no valid YAML"),
            ("idleExit: *nowhere\n", 1, "this is no valid YAML"),
            ("idleExit: 1\n# \u{0}\n", 2, "this is no valid YAML"),
        ])
    func whatIsNoYAMLStopsTheStartWithItsLine(yaml: String, line: Int, text: String) {
        let failure = failure(yaml)
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("\(path), line \(line): "))
        #expect(failure.text.contains(text))
    }

    @Test func whatIsNotUTF8StopsTheStartWithItsLine() throws {
        let source = try ConfigurationSource(arguments: ["mailmoved"], environment: [:]) { _ in
            Array("idleExit: 1\n# caf".utf8) + [0xE9, 0x0A]
        }
        let error = #expect(throws: ConfigurationError.self) { try source.load() }
        #expect(error?.description == "\(path), line 2: the file is not in UTF-8 from here on")
    }

    @Test func everythingThatIsWrongIsSaidAtOnce() {
        let failure = failure("limits:\n  a: 1\nidleExit: x\n", environment: ["MAILMOVE_LOG_LEVEL": "loud"])
        #expect(failure.exitCode == 78)
        #expect(failure.text.split(separator: "\n").count == 3)
    }

    @Test func aDatabasePasswordIsNotRepeatedInMessages() {
        #expect(!failure("database: {url: 'postgre://me:hunter2@db/x'}").text.contains("hunter2"))
        #expect(!failure("database: {url: 'postgresql://me:hunter2@db/x', leaseSeconds: 1}").text.contains("hunter2"))
    }

    @Test(arguments: [
        ("accounts: {kind: sql}", "accounts.kind"),
        ("accounts: {preset: mailcow}", "accounts.preset"),
        ("accounts: {ownNetworks: [192.0.2.0/24]}", "accounts.ownNetworks"),
        ("accounts: {command: /usr/bin/true}", "accounts.command"),
    ])
    func whatIsDescribedAndNotBuiltStopsTheStartUnlessItIsTheDefault(yaml: String, name: String) {
        let failure = failure(yaml)
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("\(path), line 1: \(name): "))
        #expect(failure.text.contains("not built yet"))
    }

    @Test func aDatabaseThatNodesShareIsConfigured() throws {
        let loaded = try load(
            """
            mailStore: {maildir: {shared: true}}
            database: {url: 'postgresql://me@db1,db2/mail?sslmode=verify-full', leaseSeconds: 300}
            node: {name: mx1.example}
            """
        ).configuration
        #expect(loaded.isDatabaseShared && loaded.isMailStoreShared)
        #expect(loaded.leaseSeconds == 300)
        #expect(loaded.nodeName == "mx1.example")
        for bad in ["database: {leaseSeconds: 4}", "node: {name: 'a b'}", "mailStore: {maildir: {shared: maybe}}"] {
            #expect(failure(bad).exitCode == 78, "\(bad)")
        }
    }

    /// Everybody can read a process's arguments.
    @Test(arguments: ["postgresql://me:hunter2@db/x", "postgresql://db/x?user=me&password=hunter2"])
    func aPasswordIsNoArgument(_ url: String) throws {
        let source = try ConfigurationSource(arguments: ["mailmoved", "--database-url", url], environment: [:]) { _ in
            nil
        }
        let error = #expect(throws: ConfigurationError.self) { try source.load() }
        #expect(error?.description.contains("database-password") == true)
        #expect(error?.description.contains("hunter2") == false)
        let variable = try ConfigurationSource(arguments: ["mailmoved"], environment: ["MAILMOVE_DATABASE_URL": url]) {
            _ in
            nil
        }
        #expect(try variable.load().configuration.databaseURL == url)
    }

    @Test func aPlatformsIMAPServerIsDescribed() throws {
        let digits = String(repeating: "0aB1", count: 16)
        let loaded = try load(
            """
            mailStore:
              kind: imap
              folders: {sent: Gesendet}
              imap:
                address: "[::1]:993"
                security: tls
                certificate: {verify: fingerprint, sha256: "\(digits)"}
                masterUser: mover
                userFormat: authzid
                masterPasswordFile: /etc/mailmove/master
                connections: 3
            """
        ).configuration.mailStore
        var imap = DaemonConfiguration.IMAP()
        imap.address = HostAndPort(host: "::1", port: 993)
        (imap.security, imap.verify, imap.sha256) = (.tls, .fingerprint, digits.lowercased())
        (imap.masterUser, imap.userFormat) = ("mover", "authzid")
        (imap.masterPasswordFile, imap.connections) = ("/etc/mailmove/master", 3)
        #expect(loaded.kind == .imap && loaded.imap == imap)
        #expect(loaded.namedFolders == [.sent: "Gesendet"])
    }

    @Test(arguments: [
        ("", "mailStore.imap.address: mailStore.kind is imap"),
        ("address: 'mail:143'", "mailStore.imap.masterUser: mailStore.kind is imap"),
        (
            "address: 'mail:143', masterUser: m, certificate: {verify: fingerprint}",
            "mailStore.imap.certificate.sha256: "
        ),
        (
            "address: 'mail:143', masterUser: m, certificate: {sha256: " + String(repeating: "a", count: 64) + "}",
            "certificate.verify: "
        ),
        ("address: 'mail', masterUser: m", "the port is missing"),
        ("address: 'mail:143', masterUser: m, certificate: {sha256: ab}", "64 hexadecimal digits"),
        ("address: 'mail:143', masterUser: m, userFormat: '%m'", "%u is missing"),
        ("address: 'mail:143', masterUser: m, userFormat: '%u%x'", "%x is not known"),
        ("address: 'mail:143', masterUser: m, masterPasswordFile: here", "an absolute path"),
        ("address: 'mail:143', masterUser: m, connections: 0", "from 1 to 10000"),
        ("address: 'mail:143', masterUser: m, security: ssl", "starttls, tls or none"),
    ])
    func aPlatformThatCanNeverBeReachedStopsTheStart(imap: String, text: String) {
        let failure = failure("mailStore: {kind: imap, imap: {\(imap)}}")
        #expect(failure.exitCode == 78)
        #expect(failure.text.contains(text))
    }

    @Test func whatIsNotBuiltMayStandThereWithItsDefault() throws {
        let loaded = try load(
            """
            mailStore:
              maildir: {layout: maildir++, shared: false}
              folders: {sent: Sent, drafts: Drafts, junk: Junk, trash: Trash, archive: Archive}
              imap: {security: starttls, connections: 32, userFormat: "%u*%m", certificate: {verify: full}}
            accounts: {kind: builtin, sql: {url: }}
            database: {leaseSeconds: 15}
            """, flags: ["--accounts-kind", "builtin"], environment: ["MAILMOVE_ACCOUNTS_KIND": "builtin"])
        #expect(loaded.configuration == DaemonConfiguration())
        #expect(loaded.warnings.isEmpty)
    }

    @Test func aPasswordOfWhatIsNotBuiltIsNotRepeated() {
        #expect(!failure("accounts: {sql: {url: 'mysql://me:hunter2@db/x'}}").text.contains("hunter2"))
    }

    @Test func aMaildirForAllAccountsIsWarnedOf() throws {
        #expect(try load("mailStore: {maildir: {path: /m/%%u/Maildir}}").warnings.count == 1)
        #expect(try load("mailStore: {maildir: {path: /m/%u}}").warnings.isEmpty)
    }
}
