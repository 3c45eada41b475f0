// SPDX-License-Identifier: Apache-2.0

import Configuring
import Glibc
import Synchronization
import Testing

@Suite struct SourceTests {
    @Test func flagsWinOverTheEnvironmentOverTheFileOverDefaults() throws {
        let yaml = "limits: {concurrentMoves: 2, connections: 2, requestBytes: 2048}"
        let environment = ["MAILMOVE_LIMITS_CONCURRENT_MOVES": "3", "MAILMOVE_LIMITS_CONNECTIONS": "3"]
        let limits = try load(yaml, flags: ["--limits-concurrent-moves", "4"], environment: environment).configuration
            .limits
        #expect(limits.concurrentMoves == 4)
        #expect(limits.connections == 3)
        #expect(limits.requestBytes == 2048)
        #expect(limits.connectionsPerOldServer == 16)
    }

    @Test(arguments: [["--mail-store-maildir-path", "/m/a,b=%u"], ["--mail-store-maildir-path=/m/a,b=%u"]])
    func aFlagTakesItsValueEitherWay(flags: [String]) throws {
        #expect(try load(flags: flags).configuration.mailStore.maildirPath == "/m/a,b=%u")
    }

    @Test func aPathWithACommaInTheEnvironmentStaysOne() throws {
        let environment = ["MAILMOVE_MAIL_STORE_MAILDIR_PATH": "/m/a, b/%u"]
        #expect(try load(environment: environment).configuration.mailStore.maildirPath == "/m/a, b/%u")
    }

    @Test func ofAFlagGivenTwiceTheLastCountsAndOfAListAll() throws {
        let configuration = try load(
            flags: [
                "--idle-exit", "1", "--idle-exit=2", "--limits-trusted-addresses", "::1,192.0.2.1",
                "--limits-trusted-addresses=192.0.2.2",
            ]
        ).configuration
        #expect(configuration.idleExit == 2)
        #expect(configuration.limits.trustedAddresses == ["::1", "192.0.2.1", "192.0.2.2"])
    }

    @Test func anEmptyListAsAFlagTakesAFilesListBack() throws {
        let loaded = try load("limits: {trustedAddresses: ['::1']}", flags: ["--limits-trusted-addresses="])
        #expect(loaded.configuration.limits.trustedAddresses == [])
    }

    @Test func aListInTheEnvironmentHasCommas() throws {
        let loaded = try load(environment: ["MAILMOVE_LIMITS_TRUSTED_ADDRESSES": "192.0.2.1, 2001:DB8::0"])
        #expect(loaded.configuration.limits.trustedAddresses == ["192.0.2.1", "2001:db8::"])
    }

    @Test(
        arguments: [
            (["--limits-concurent-moves=4"], "did you mean --limits-concurrent-moves?"),
            (["--frobnicate"], "--frobnicate: unknown flag (mailmoved --help lists all flags)"),
            (["-x"], "-x: unknown flag"),
            (["--idle-exit"], "--idle-exit: the value is missing; expected a number of seconds"),
            (["--idle-exit", "--log-level", "info"], "--idle-exit: the value is missing"),
            (["--config"], "--config: the value is missing; expected a path"),
            (["--config="], "--config: the path is empty"),
            (["--admin-socket"], "--admin-socket: the value is missing"),
            (["serve"], "unexpected argument \"serve\""),
            (["--"], "unexpected argument \"--\""),
            (["--help=yes"], "--help: takes no value"),
        ])
    func aWrongCommandLineIsAUsageError(flags: [String], text: String) {
        let failure = failure(flags: flags)
        #expect(failure.exitCode == 64)
        #expect(failure.text.contains(text))
    }

    @Test(
        arguments: [
            (
                ["--idle-exit", "-1"],
                "--idle-exit: idleExit: expected a number of seconds from 0 to 31536000, found \"-1\""
            ),
            (["--log-level=loud"], "--log-level: log.level: expected trace, debug"),
            (
                ["--notify-target", "bin/tell"],
                "--notify-target: notify.target: expected unix:/PATH of a socket, or the /PATH of a program, found \"bin/tell\""
            ),
            (["--limits-concurrent-moves", "0"], "--limits-concurrent-moves: limits.concurrentMoves: expected"),
        ])
    func aValueOutOfRangeIsOneWhereverItStands(flags: [String], text: String) {
        let failure = failure(flags: flags)
        #expect(failure.exitCode == 78)
        #expect(failure.text.contains(text))
    }

    @Test func aPlannedValueAsAFlagIsNoUsageError() {
        let failure = failure(flags: ["--accounts-kind", "sql"])
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("--accounts-kind: accounts.kind: "))
    }

    @Test func aWrongValueInTheEnvironmentNamesTheVariable() {
        let failure = failure(environment: ["MAILMOVE_TIMEOUTS_READ": "soon"])
        #expect(failure.exitCode == 78)
        #expect(failure.text.hasPrefix("MAILMOVE_TIMEOUTS_READ: timeouts.read: expected a number of seconds"))
    }

    @Test func anEmptyVariableIsNone() throws {
        let loaded = try load("idleExit: 7", environment: ["MAILMOVE_IDLE_EXIT": "", "MAILMOVE_CONFIG": ""])
        #expect(loaded.configuration.idleExit == 7)
        #expect(loaded.warnings.isEmpty)
    }

    @Test func anUnknownVariableIsAWarningAndTheClientsOwnAreNot() throws {
        let warnings = try load(
            "",
            environment: [
                "MAILMOVE_SOCKET": "/a", "MAILMOVE_LOGIN_SOCKET": "/b", "MAILMOVE_CONFIG": "/c", "HOME": "/",
                "MAILMOVE_LOG_LEVEl": "info", "MAILMOVE_ZZZ": "1",
            ]
        ).warnings
        #expect(
            warnings == [
                "environment variable MAILMOVE_LOG_LEVEl is not known and has no effect; did you mean MAILMOVE_LOG_LEVEL?",
                "environment variable MAILMOVE_ZZZ is not known and has no effect",
            ])
    }

    @Test func theFileIsTheFlagsElseTheVariablesElseTheDefault() throws {
        func file(_ flags: [String], _ environment: [String: String]) throws -> String {
            try ConfigurationSource(arguments: ["mailmoved"] + flags, environment: environment).file
        }
        #expect(try file(["--config", "/a"], ["MAILMOVE_CONFIG": "/b"]) == "/a")
        #expect(try file([], ["MAILMOVE_CONFIG": "/b"]) == "/b")
        #expect(try file([], [:]) == "/etc/mailmove/mailmoved.yaml")
    }

    @Test func aMissingDefaultFileIsFineAndAMissingNamedOneIsNot() throws {
        #expect(try load().configuration == DaemonConfiguration())
        for (flags, environment, name) in [
            (["--config", "/none"], [:], "--config"), ([], ["MAILMOVE_CONFIG": "/none"], "MAILMOVE_CONFIG"),
        ] {
            let failure = failure(flags: flags, environment: environment)
            #expect(failure.exitCode == 78)
            #expect(failure.text == "/none: the configuration file, named by \(name), does not exist")
        }
    }

    @Test(arguments: ["/", "/dev/zero"])
    func anUnreadableFileStopsTheStart(path: String) throws {
        let source = try ConfigurationSource(arguments: ["mailmoved", "--config", path], environment: [:])
        let error = #expect(throws: ConfigurationError.self) { try source.load() }
        #expect(error?.exitCode == 78)
        #expect(
            error?.description.hasPrefix("\(path): the configuration file, named by --config, cannot be read: ") == true
        )
    }

    @Test func anEmptyDeviceIsAnEmptyFile() throws {
        let source = try ConfigurationSource(arguments: ["mailmoved"], environment: ["MAILMOVE_CONFIG": "/dev/null"])
        #expect(try source.load().configuration == DaemonConfiguration())
    }

    @Test func aReloadReadsTheFileAgainAndChangesOnlyWhatItMay() throws {
        let text = Mutex("idleExit: 1\nlimits: {requestBytes: 1024, concurrentMoves: 1}")
        let source = try ConfigurationSource(arguments: ["mailmoved"], environment: [:]) { _ in
            text.withLock { Array($0.utf8) }
        }
        let first = try source.load().configuration
        text.withLock { $0 = "idleExit: 2\nlimits: {requestBytes: 2048, concurrentMoves: 2}" }
        let second = try source.load().configuration
        let inForce = first.reloaded(with: second)
        #expect(inForce.idleExit == 2)
        #expect(inForce.limits.concurrentMoves == 2)
        #expect(inForce.limits.requestBytes == 1024)
        #expect(first.needingRestart(for: second) == ["limits.requestBytes"])
        text.withLock { $0 = "idleExit: x" }
        #expect(throws: ConfigurationError.self) { try source.load() }
    }

    @Test(
        arguments: [
            ([:], "/var/lib/mailmove/mailmove.db"),
            (["STATE_DIRECTORY": "/run/a:/run/b"], "/run/a/mailmove.db"),
            (["STATE_DIRECTORY": "/run/a", "MAILMOVE_DATABASE_URL": "sqlite:$STATE/x/y.db"], "/run/a/x/y.db"),
            (["MAILMOVE_DATABASE_URL": "sqlite:/srv/m.db"], "/srv/m.db"),
            (["MAILMOVE_DATABASE_URL": "sqlite:///srv/m.db"], "/srv/m.db"),
        ])
    func theDatabaseIsBelowTheStateDirectory(environment: [String: String], path: String) throws {
        #expect(try load(environment: environment).configuration.databasePath == path)
    }

    @Test func socketsAndCommandsComeFromFlags() throws {
        let source = try ConfigurationSource(
            arguments: ["mailmoved", "--admin-socket", "a.sock", "--login-socket=l.sock"], environment: [:])
        #expect(source.command == .run)
        #expect(source.adminSocket == "a.sock")
        #expect(source.loginSocket == "l.sock")
        #expect(try ConfigurationSource(arguments: ["mailmoved", "--help"], environment: [:]).command == .help)
        #expect(try ConfigurationSource(arguments: ["mailmoved", "-h"], environment: [:]).command == .help)
        #expect(try ConfigurationSource(arguments: ["mailmoved", "--version"], environment: [:]).command == .version)
        #expect(ConfigurationError.noSockets.exitCode == 64)
    }
}
