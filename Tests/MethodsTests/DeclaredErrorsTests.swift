// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
import JSONRPC
import JSONWire
import MailMoveAPI
import MailSource
import Records
import Support
import Testing
import Vocabulary

/// What a method declares in the contract can come, by its code and name, and nothing else does.
@Suite(.timeLimit(.minutes(15))) struct DeclaredErrorsTests {
    /// The codes as clients know them.
    private static let codes: [Reason: Int] = [
        .forbidden: -32001, .tooManyAttempts: -32002, .overloaded: -32003, .shuttingDown: -32004,
        .accountNotFound: -32010, .accountsElsewhere: -32011, .migrationNotEnabled: -32020, .migrationExpired: -32021,
        .nonMigratingAccount: -32022, .credentialsRejected: -32030, .oldServerUnreachable: -32031,
        .oldServerUntrusted: -32032, .oldServerProtocol: -32033, .secureAuthenticationUnavailable: -32034,
        .mailboxInUse: -32035, .messagesRefused: -32036, .oldServerThrottled: -32037, .masterRejected: -32038,
        .mailStoreUnavailable: -32040,
        .databaseUnavailable: -32041, .directoryUnavailable: -32042,
    ]

    /// A way in which a method fails.
    struct Failing: Sendable, CustomTestStringConvertible {
        var method: String
        var reason: Reason
        var parameters: JSONValue
        /// Whether accounts are the platform's own: ann's.
        var isElsewhere = false
        var prepare: @Sendable (MethodPlatform) async throws -> Void = { _ in }

        var testDescription: String { "\(method): \(reason.rawValue)" }

        static func unknownAccount(_ method: String, _ more: JSONObject = [:]) -> Failing {
            var parameters: JSONObject = ["account": "nobody@example.com"]
            for member in more.members { parameters[member.name] = member.value }
            return Failing(method: method, reason: .accountNotFound, parameters: .object(parameters))
        }

        static func unknownDomain(_ method: String) -> Failing {
            Failing(method: method, reason: .migrationNotEnabled, parameters: ["domain": "unknown.example"])
        }

        static let trigger: JSONValue = ["account": "ann@example.com", "password": "a guess"]

        static func trigger(
            _ reason: Reason, _ prepare: @escaping @Sendable (MethodPlatform) async throws -> Void = { _ in }
        ) -> Failing {
            Failing(method: "triggerMigration", reason: reason, parameters: trigger, prepare: prepare)
        }

        /// `triggerMigration` of an account that migrates, from an old server that is changed so.
        static func asked(
            _ reason: Reason, _ change: @escaping @Sendable (inout MemorySource.State) -> Void
        ) -> Failing {
            trigger(reason) { platform in
                try await platform.enable()
                platform.source.state.withLock { change(&$0) }
            }
        }

        /// After wrong passwords without end.
        static func afterGuesses(_ method: String) -> Failing {
            Failing(method: method, reason: .tooManyAttempts, parameters: trigger) { platform in
                try await platform.enable()
                for number in 0..<20 {
                    _ = try await platform.call(
                        method, ["account": "ann@example.com", "password": .string("guess \(number)")])
                }
            }
        }
    }

    static let ways: [Failing] = lookups + logins + triggers + retries + moves + elsewhere

    /// Where accounts are the platform's own.
    private static let elsewhere: [Failing] = [
        Failing(
            method: "setPassword", reason: .accountsElsewhere,
            parameters: ["account": "ann@example.com", "password": "Str0ng-0-pass"], isElsewhere: true),
        Failing(
            method: "exportAccounts", reason: .accountsElsewhere, parameters: ["domain": "example.com"],
            isElsewhere: true),
        away("createAccounts", ["accounts": [["address": "bob@example.com"]]]),
        away("importAccounts", ["data": .string(Data("Email\nbob@example.com\n".utf8).base64EncodedString())]),
        away("closeAccounts", ["accounts": ["bob@example.com"]]),
        away("triggerMigration", ["account": "ann@example.com", "password": .string(MethodPlatform.password)]),
    ]

    private static func away(_ method: String, _ parameters: JSONValue) -> Failing {
        Failing(
            method: method, reason: .directoryUnavailable, parameters: parameters, isElsewhere: true
        ) { platform in
            _ = try await platform.call(
                "enableMigration",
                ["domain": "example.com", "oldServer": ["host": "192.0.2.1", "security": "starttls"]])
            platform.directory?.isDown = true
        }
    }

    private static let lookups: [Failing] = {
        let domains = [
            "disableMigration", "getMigration", "forgetMigration", "verifyOldServer", "listLog", "listEvents",
            "watchStatus", "retryNow", "updateMigration", "getReport",
        ]
        let accounts = ["queryStatus", "checkIntegrity", "watchStatus", "listFolders"]
        return domains.map { Failing.unknownDomain($0) } + accounts.map { Failing.unknownAccount($0) }
    }()

    private static let logins: [Failing] = [
        .unknownAccount("setPassword", ["password": "Str0ng-0-pass"]),
        .afterGuesses("authenticate"), .afterGuesses("triggerMigration"),
    ]

    private static let triggers: [Failing] = [
        .trigger(.accountNotFound),
        .trigger(.migrationNotEnabled) { platform in
            try await platform.enable()
            _ = try await platform.call("disableMigration", ["domain": "example.com"])
        },
        .trigger(.migrationExpired) { platform in
            try await platform.enable()
            platform.advance(days: 31)
        },
        .trigger(.nonMigratingAccount) { platform in
            try await platform.enable(adding: ["excludedAccounts": ["ann@example.com"]])
        },
        .asked(.nonMigratingAccount) { $0.answer = .noSuchUser("no such user") },
        .asked(.credentialsRejected) { $0.answer = .rejected("no") },
        .asked(.oldServerUnreachable) { $0.isDown = true },
        .asked(.oldServerUntrusted) { $0.answer = .failed(.oldServerUntrusted, "TLS", isForGood: false) },
        .asked(.oldServerProtocol) { $0.misdeeds[.login] = [.talksNonsense] },
        .asked(.secureAuthenticationUnavailable) {
            $0.answer = .failed(.secureAuthenticationUnavailable, "none", isForGood: false)
        },
        .asked(.mailboxInUse) { $0.answer = .busy(.mailboxInUse, "in use", seconds: nil) },
        .asked(.oldServerThrottled) { $0.answer = .busy(.oldServerThrottled, "slow down", seconds: 60) },
    ]

    private static let retries: [Failing] = [
        Failing(method: "retryNow", reason: .accountNotFound, parameters: ["accounts": ["nobody@example.com"]]) {
            try await $0.enable()
        },
        Failing(method: "retryNow", reason: .migrationExpired, parameters: ["domain": "example.com"]) { platform in
            try await platform.enable()
            platform.advance(days: 31)
        },
    ]

    /// `moveAccounts` by a master user.
    private static func moved(
        _ reason: Reason, _ prepare: @escaping @Sendable (MethodPlatform) async throws -> Void
    ) -> Failing {
        Failing(
            method: "moveAccounts", reason: reason,
            parameters: ["accounts": ["ann@example.com"], "masterPassword": "the master's"]
        ) { platform in
            try await platform.enable(adding: [
                "oldServer": [
                    "host": "192.0.2.1", "protocol": "imap", "master": ["user": "boss", "form": "user*master"],
                ]
            ])
            try await prepare(platform)
        }
    }

    private static func moved(
        _ reason: Reason, from change: @escaping @Sendable (inout MemorySource.State) -> Void
    ) -> Failing {
        moved(reason) { platform in platform.source.state.withLock { change(&$0) } }
    }

    private static let moves: [Failing] = [
        moved(.migrationNotEnabled) { _ = try await $0.call("disableMigration", ["domain": "example.com"]) },
        moved(.migrationExpired) { $0.advance(days: 31) },
        moved(.masterRejected, from: { $0.answer = .rejected("no") }),
        moved(.oldServerUnreachable, from: { $0.isDown = true }),
        moved(.oldServerUntrusted, from: { $0.answer = .failed(.oldServerUntrusted, "TLS", isForGood: false) }),
        moved(.oldServerProtocol, from: { $0.misdeeds[.login] = [.talksNonsense] }),
        moved(
            .secureAuthenticationUnavailable,
            from: { $0.answer = .failed(.secureAuthenticationUnavailable, "none", isForGood: false) }),
        moved(.mailboxInUse, from: { $0.answer = .busy(.mailboxInUse, "in use", seconds: nil) }),
        moved(.oldServerThrottled, from: { $0.answer = .busy(.oldServerThrottled, "slow down", seconds: 60) }),
    ]

    @Test(arguments: ways) func aMethodFailsAsItDeclares(_ way: Failing) async throws {
        let method = try #require(Contract.method(named: way.method))
        #expect(method.reasons.contains(way.reason))
        let ann = try EmailAddress("ann@example.com")
        let accounts = way.isElsewhere ? MemoryDirectory([ann: DirectoryEntry(hash: "{PLAIN}x")]) : nil
        try await MethodPlatform.run(accounts: accounts) { platform in
            try await way.prepare(platform)
            let error = try #require(try await platform.call(way.method, way.parameters))
            #expect(error.data?["reason"]?.string == way.reason.rawValue, "\(error)")
            #expect(error.code == Self.codes[way.reason])
            #expect(error.data?["retryable"]?.bool == way.reason.isRetryable)
            #expect(error.data?["message"]?["zh-CN"]?.string == way.reason.text.zhCN)
        }
    }

    @Test(arguments: Contract.methods.map(\.name)) func whatIsDeclaredCanCome(name: String) throws {
        let method = try #require(Contract.method(named: name))
        #expect(Set(method.reasons) == Set(Self.ways.filter { $0.method == name }.map(\.reason)))
        #expect(Set(method.reasons).isDisjoint(with: Contract.everywhere))
    }

    @Test func everyReasonHasItsCode() {
        for reason in Reason.allCases where reason != .interrupted { #expect(reason.code == Self.codes[reason]) }
        #expect(Reason.interrupted.code == nil)
    }

    // MARK: Anywhere

    @Test(arguments: Contract.methods.map(\.name)) func theLoginSocketMayNotCallTheAdministrators(name: String)
        async throws
    {
        let method = try #require(Contract.method(named: name))
        try await MethodPlatform.run { platform in
            let error = try await platform.call(name, method.exampleParameters, as: .login)
            #expect((error?.code == -32001) == (method.role == .admin), "\(String(describing: error))")
            if method.role == .admin { #expect(error?.data?["reason"]?.string == "forbidden") }
        }
    }

    @Test func aDomainIsWatchedOnTheAdministratorsSocketAlone() async throws {
        try await MethodPlatform.run { platform in
            let error = try await platform.call("watchStatus", ["domain": "example.com"], as: .login)
            #expect(error?.code == -32001)
        }
    }

    /// They answer from what they know.
    private static let withoutRecords: Set = [
        "ping", "rpc.discover", "unwatch", "getServiceStatus", "getMetrics", "detectOldServer", "verifyAccounts",
    ]

    @Test(arguments: [
        (RecordsError(code: .unavailable, detail: "the disk is full") as any Error, Reason.databaseUnavailable),
        (RecordsError(code: .corrupt, detail: "it is damaged"), .databaseUnavailable),
        (RecordsError(code: .closed, detail: "closed"), .shuttingDown), (CancellationError(), .shuttingDown),
        (MoveError(.overloaded, "too much"), .overloaded),
    ])
    func whereTheRecordsFailEveryMethodSaysSo(error: any Error, reason: Reason) async throws {
        #expect(Contract.everywhere.contains(reason))
        try await MethodPlatform.run(failing: error) { platform in
            for method in Contract.methods {
                let answer = try await platform.call(method.name, method.exampleParameters)
                guard let answer else {
                    #expect(Self.withoutRecords.contains(method.name), "\(method.name)")
                    continue
                }
                #expect(answer.code == Self.codes[reason], "\(method.name): \(answer)")
                #expect(answer.data?["reason"]?.string == reason.rawValue, "\(method.name)")
            }
        }
    }

    /// With nothing there, and after a migration was enabled.
    @Test(arguments: [false, true]) func nothingComesThatIsNotDeclared(isEnabled: Bool) async throws {
        try await MethodPlatform.run { platform in
            if isEnabled { try await platform.enable() }
            for method in Contract.methods {
                guard let error = try await platform.call(method.name, method.exampleParameters),
                    error.code != CallFailure.invalidParametersCode
                else { continue }
                let reason = (error.data?["reason"]?.string).flatMap(Reason.init(rawValue:))
                let declared = method.reasons + Contract.everywhere
                #expect(reason.map { declared.contains($0) } == true, "\(method.name): \(error)")
            }
        }
    }

    @Test(arguments: Contract.methods.map(\.name)) func aParameterThatNobodyKnowsIsNamed(name: String) async throws {
        let method = try #require(Contract.method(named: name))
        try await MethodPlatform.run { platform in
            var parameters = try #require(method.exampleParameters.object)
            parameters["nonsense"] = 1
            let error = try #require(try await platform.call(name, .object(parameters)))
            #expect(error.code == CallFailure.invalidParametersCode)
            #expect(error.data?["parameter"]?.string == "nonsense")
        }
    }

    @Test func aMethodThatIsNotThereIsNotFound() async throws {
        try await MethodPlatform.run { platform in
            let planned = Contract.planned.filter { Contract.method(named: $0) == nil }
            for name in planned.union(["nonsense"]) {
                let error = try await platform.call(name, [:])
                #expect(error?.code == -32601, "\(name)")
            }
        }
    }
}
