// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nio: [Target.Dependency] = [nioCore, .product(name: "NIOPosix", package: "swift-nio")]
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")

func room(
    _ name: String, _ dependencies: [Target.Dependency], path: String? = nil, resources: [Resource]? = nil
) -> Target {
    .target(name: name, dependencies: dependencies, path: path, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func library(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "mailmove",
    products: [
        .executable(name: "mailmoved", targets: ["mailmoved"]),
        .library(name: "MailMoveClient", targets: ["MailMoveClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["YAML", "CommandLineArguments"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        // Floor 0: words, wire format, secrets, and the C libraries' headers.
        library("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
        library("CGSASL", pkgConfig: "libgsasl", apt: "libgsasl-dev"),
        library("CLibcrypt", pkgConfig: "libcrypt", apt: "libcrypt-dev"),
        library("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
        library("CIDN2", pkgConfig: "libidn2", apt: "libidn2-dev"),
        library("CCares", pkgConfig: "libcares", apt: "libc-ares-dev"),
        library("CGcrypt", pkgConfig: "libgcrypt", apt: "libgcrypt20-dev"),
        .systemLibrary(name: "CPostgreSQL"),  // headers alone: these libraries are loaded where they are configured
        .systemLibrary(name: "CMariaDB"),
        .systemLibrary(name: "CLDAP"),
        .systemLibrary(name: "CLinux"),  // what glibc declares under _GNU_SOURCE alone
        room("Vocabulary", ["CIDN2"]),  // addresses, statuses, reasons: the words everyone uses
        room("JSONWire", []),  // JSON text, JSON-RPC envelopes, line framing; no I/O
        room("Waiting", ["CLinux", deque]),  // what waits: latches, pauses, lines, places, pools of threads
        room("ChildPrograms", ["CLinux"]),  // programs that are told something, and may answer
        room("Secrets", ["CSodium", "CLibcrypt", "Waiting"]),  // guarded passwords, sealing, crypt(3)
        room("PlatformHashes", ["Secrets", "CGcrypt", "CSodium"]),  // hashes in the forms of other platforms
        room("OldServerPolicy", []),  // who may open a connection to an old server: one value that decides
        // files of migrations, in YAML
        room("MigrationFile", ["JSONWire", .product(name: "Yams", package: "Yams")]),
        room("AccountFile", ["Vocabulary", "Secrets"]),  // files of accounts, as other systems export them
        // What sessions with mail servers have in common, without I/O: SASL, secrets on the way, what servers' words mean
        room("MailSession", ["Vocabulary", "Secrets", "Waiting", "CGSASL", nioCore]),
        // POP3 without I/O: commands, answers, and the dialogues of a session over whatever wire
        room("POP3", ["MailSession", "Vocabulary", "Secrets", "Waiting", deque, nioCore]),
        // IMAP without I/O: framing, grammar, commands, and what they mean
        room("IMAP", ["MailSession", "Vocabulary", "Secrets", deque, nioCore]),
        // Figures for monitoring: swift-metrics in, OpenMetrics text out
        room("OpenMetrics", [.product(name: "CoreMetrics", package: "swift-metrics")]),
        // … and what is measured
        room("Measures", ["OpenMetrics", .product(name: "CoreMetrics", package: "swift-metrics")]),
        room("MessageContent", ["Secrets", "Vocabulary", "CSodium"]),  // what a message is known by, in whatever store
        room("Phrases", ["Vocabulary"]),  // the sentences for administrators in Chinese
        room("MailMoveAPI", ["Vocabulary", "JSONWire", "Secrets"]),  // the contract as types, one declaration a method

        // Floor 1: one concern each; none knows another, but for a protocol's own target.
        room(  // sockets, name resolution and TLS, for whatever mail protocol
            "MailConnection",
            nio + [
                "MailSession", "Vocabulary", "Waiting", "CSodium", .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room("MailSource", ["Vocabulary", "Secrets"]),  // what an old mailbox must offer
        room(  // … and offers by POP3
            "POP3Source",
            nio + [
                "MailSource", "POP3", "MailSession", "MailConnection", "Secrets", "Vocabulary", "Waiting",
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        room(  // connections to IMAP servers: of the old ones, and of the new platform
            "IMAPConnection",
            nio + [
                "IMAP", "MailSession", "MailConnection", "Secrets", "Vocabulary", "Waiting",
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        room(  // … and by IMAP: all folders
            "IMAPSource",
            nio + [
                "MailSource", "IMAP", "IMAPConnection", "MailSession", "MailConnection", "Secrets", "Vocabulary",
                "Waiting",
            ]),
        room("MailStore", ["Vocabulary"]),  // what a store of mail must promise
        room("MessageIntake", ["MailStore", "Vocabulary"]),  // what arrives, on its way to a store's threads
        room(  // … kept by Maildirs
            "MaildirStore",
            [
                "MailStore", "Measures", "MessageContent", "MessageIntake", "Secrets", "Vocabulary", "Waiting",
                "CLinux",
            ]),
        room(  // … and by a platform's IMAP server
            "IMAPStore",
            nio + [
                "MailStore", "IMAP", "IMAPConnection", "MailSession", "MailConnection", "Measures", "MessageContent",
                "MessageIntake", "Secrets", "Vocabulary", "Waiting", "CLinux", deque, logging,
            ]),
        room("PostgreSQL", ["CPostgreSQL"]),  // connections to PostgreSQL, by libpq, for whoever keeps something there
        room("Records", ["Vocabulary"]),  // what is remembered, as a protocol
        room("RecordForms", ["Records", "Vocabulary"]),  // … in which form, whatever the database
        room(  // … by many nodes, in PostgreSQL
            "PostgreSQLRecords", ["Measures", "PostgreSQL", "RecordForms", "Records", "Vocabulary", "Waiting"]),
        room(  // … by one, in a file
            "SQLiteRecords",
            [
                "Measures", "RecordForms", "Records", "Vocabulary", "Waiting", "CLinux",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        room(  // … taken along from the one into the other
            "RecordsCopy", ["PostgreSQL", "PostgreSQLRecords", "RecordForms", "Records", "SQLiteRecords"]),
        // Where the new platform's passwords live
        room("AccountDirectory", ["PlatformHashes", "Vocabulary", "Secrets"]),
        room("BuiltinDirectory", ["AccountDirectory", "Records", "Secrets", "Vocabulary"]),  // … in our own records
        // Connections to servers of accounts; the libraries that speak with them
        room("DirectoryConnections", ["Waiting"]),
        room(  // … in a platform's own LDAP directory
            "LDAPDirectory",
            [
                "AccountDirectory", "CLDAP", "DirectoryConnections", "PlatformHashes", "Secrets", "Vocabulary",
                "Waiting",
            ]),
        room(  // … in a platform's own SQL database
            "SQLDirectory",
            [
                "AccountDirectory", "CMariaDB", "DirectoryConnections", "PlatformHashes", "PostgreSQL", "Secrets",
                "Vocabulary", "Waiting",
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        room(  // … behind a program that knows the platform's API
            "CommandDirectory",
            ["AccountDirectory", "ChildPrograms", "JSONWire", "PlatformHashes", "Secrets", "Vocabulary", "Waiting"]),
        room(  // … what all of a platform's own have in common: the form of hashes, caches, whether they answer
            "PlatformAccounts",
            nio + [
                "AccountDirectory", "ChildPrograms", "PlatformHashes", "Secrets", "Vocabulary", "Waiting", logging,
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        room("JSONRPC", nio + ["JSONWire", "Waiting", logging]),  // the Unix-socket server; knows nothing of mail
        room("Systemd", ["CSystemd", logging]),  // sockets, readiness, watchdog, fd store, credentials

        room("NoticeTarget", ["ChildPrograms", "Vocabulary", "Waiting"]),  // takes news to a socket or a program
        // OpenMetrics by HTTP, on sockets that were handed over
        room("MetricsServer", nio + [logging, .product(name: "NIOHTTP1", package: "swift-nio")]),
        room("OldServerPlaces", ["OldServerPolicy", "Waiting"]),  // … and hands out the places that it decides on
        room("DNS", ["Vocabulary", "Waiting", "CCares", "CLinux"]),  // what name servers say; SPF

        // Floor 2: a login becomes a run; a run turns an old mailbox into durable messages and a ledger. Each room knows
        // only those above it in this list.
        room(  // what all of them stand on: records, old servers, clocks, limits
            "Ground", ["MailSource", "Records", "DNS", "Secrets", "Vocabulary", "Waiting", logging]),
        // what happens to an account, and who is told
        room("Statuses", ["Ground", "Measures", "Records", "Vocabulary"]),
        room(  // staged messages become moved, exactly once: epochs, intents, what a crash or a backup leaves behind
            "Delivery", ["Ground", "Statuses", "MailStore", "Records", "Vocabulary", "Waiting"]),
        room(  // one account's run, its plan and progress
            "Runs",
            [
                "OldServerPlaces", "OldServerPolicy", "Ground", "Measures", "Statuses", "Delivery", "MailSource",
                "MailStore",
                "Records", "Secrets", "Vocabulary",
                "Waiting",
            ]),
        room(  // what a login leads to: decisions, questions to the old server, guesses
            "Logins",
            [
                "AccountDirectory", "OldServerPlaces", "OldServerPolicy", "Ground", "Measures", "Statuses", "Runs",
                "MailSource", "PlatformHashes",
                "Records", "Secrets", "Vocabulary", "Waiting",
            ]),
        room(  // what is wrong, and what to do: with an old server, a domain's DNS, an account's mail
            "Diagnosis",
            [
                "OldServerPlaces", "OldServerPolicy", "Ground", "Statuses", "Delivery", "Runs", "DNS", "MailSource",
                "MailStore", "Records", "Secrets",
                "Vocabulary", "Waiting",
            ]),
        room(  // accounts and domains, as administrators make, import, set and end them
            "Accounts",
            [
                "AccountDirectory", "AccountFile", "PlatformHashes", "Ground", "Statuses", "Runs", "Diagnosis",
                "MailSource", "MailStore", "Records",
                "Secrets", "Vocabulary", "Waiting",
            ]),
        room(  // how a domain's migration has gone, in figures and as a page
            "Reports", ["Ground", "Records", "Vocabulary", .product(name: "Mustache", package: "swift-mustache")]),
        room(  // news of a migration: who is told what, once
            "Notices",
            [
                "Ground", "Statuses", "OldServerPlaces", "Runs", "Reports", "Records", "Vocabulary", "Waiting", logging,
            ]),
        room(  // the whole, wired: start, recovery, stop
            "Migration",
            [
                "AccountDirectory", "OldServerPlaces", "OldServerPolicy", "Ground", "Statuses", "Delivery", "Runs",
                "Logins", "Diagnosis", "Accounts", "Notices", "NoticeTarget", "Reports",
                "MailSource", "MailStore", "MessageContent", "Records", "Secrets", "Vocabulary", "Waiting", logging,
            ]),

        // Floor 3: one file a method.
        room(
            "Methods",
            [
                "AccountDirectory", "AccountFile", "Accounts", "Diagnosis", "Logins", "Migration", "Reports",
                "Statuses",
                "JSONRPC",
                "JSONWire", "MailMoveAPI", "MailStore", "Measures", "MigrationFile", "Phrases", "Records", "Secrets",
                "Vocabulary", "Waiting", logging,
            ]),

        // What the administrator has set: flags, environment, file; one list of keys.
        room(
            "Configuring",
            [
                "PlatformHashes", "SQLDirectory", "Secrets", "Vocabulary", logging,
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Floor 4: wiring.
        .executableTarget(
            name: "mailmoved",
            dependencies: nio + [
                "AccountDirectory", "BuiltinDirectory", "CLinux", "CommandDirectory", "Configuring", "DNS", "Ground",
                "IMAPSource", "IMAPStore", "JSONRPC", "LDAPDirectory", "MailConnection", "MailMoveAPI",
                "MailSource", "MailStore", "MaildirStore", "Measures", "MessageContent", "Methods", "MetricsServer",
                "Migration", "OpenMetrics", "POP3Source", "PlatformAccounts", "PlatformHashes", "PostgreSQL",
                "PostgreSQLRecords", "Records", "RecordsCopy", "SQLDirectory", "SQLiteRecords", "Secrets", "Systemd",
                "Vocabulary", "Waiting", .product(name: "CoreMetrics", package: "swift-metrics"), lifecycle, logging,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Clients.
        room(
            "MailMoveClient", nio + ["MailMoveAPI", "JSONWire", "Secrets", "Vocabulary"],
            path: "clients/swift/MailMoveClient"),

        // Tests mirror the rooms.
        .target(
            name: "Support",
            dependencies: [
                "AccountDirectory", "JSONWire", "MailSource", "MailStore", "MessageContent", "Records", "Secrets",
                "Vocabulary",
            ],
            path: "Tests/Support", swiftSettings: strict),
        tests("VocabularyTests", ["Vocabulary"]),
        tests("WaitingTests", ["Waiting"]),
        tests("JSONWireTests", ["JSONWire"]),
        tests("OldServerPolicyTests", ["OldServerPolicy"]),
        tests("OldServerPlacesTests", ["OldServerPlaces", "OldServerPolicy", "Waiting"]),
        tests("SecretsTests", ["Secrets"]),
        tests("PlatformHashesTests", ["PlatformHashes", "Secrets"]),
        tests("AccountFileTests", ["AccountFile", "Secrets"], resources: [.copy("Exports")]),
        tests("PhrasesTests", ["Phrases", "Vocabulary"]),
        tests("MigrationFileTests", ["MigrationFile", "JSONWire"]),
        tests("MailMoveAPITests", ["MailMoveAPI", "JSONWire", "Secrets", "Vocabulary"]),
        tests("MailSourceTests", nio + ["IMAPSource", "MailSource", "POP3Source", "Secrets", "Support", "Vocabulary"]),
        tests("MailSessionTests", ["MailSession", nioCore]),
        tests(
            "POP3Tests", ["MailSession", "POP3", "Secrets", "Support", "Vocabulary", nioCore],
            resources: [.copy("Conversations")]),
        tests(
            "POP3SourceTests",
            nio + ["MailConnection", "POP3", "POP3Source", "Secrets", "Support", "Vocabulary"]),
        tests(
            "IMAPSourceTests",
            nio + [
                "IMAP", "IMAPConnection", "IMAPSource", "MailConnection", "MailSession", "MailSource", "Secrets",
                "Support",
                "Vocabulary",
            ]),
        tests(
            "IMAPTests", ["IMAP", "MailSession", "Secrets", "Vocabulary", nioCore], resources: [.copy("Conversations")]),
        tests("MessageContentTests", ["MessageContent", "Support", "Vocabulary"]),
        tests(
            "MailStoreTests",
            nio + ["IMAPStore", "MaildirStore", "MailStore", "MessageContent", "Secrets", "Support", "Vocabulary"]),
        tests(
            "IMAPStoreTests",
            nio + [
                "IMAP", "IMAPStore", "MailConnection", "MailStore", "MessageContent", "MessageIntake", "Secrets",
                "Support",
                "Vocabulary",
            ]),
        tests("MaildirStoreTests", ["MaildirStore", "MailStore", "MessageContent", "Support", "Vocabulary"]),
        tests(
            "AccountDirectoryTests",
            [
                "AccountDirectory", "BuiltinDirectory", "CommandDirectory", "LDAPDirectory", "SQLDirectory", "Secrets",
                "Support", "Vocabulary",
            ]),
        tests("LDAPDirectoryTests", ["AccountDirectory", "LDAPDirectory", "Secrets", "Support", "Vocabulary"]),
        tests("CommandDirectoryTests", ["AccountDirectory", "CommandDirectory", "Secrets", "Support", "Vocabulary"]),
        tests("ChildProgramsTests", ["ChildPrograms"]),
        tests(
            "PlatformAccountsTests",
            ["AccountDirectory", "PlatformAccounts", "PlatformHashes", "Secrets", "Support", "Vocabulary", logging]),
        tests("SQLDirectoryTests", ["AccountDirectory", "SQLDirectory", "Secrets", "Support", "Vocabulary"]),
        tests(
            "RecordsTests", ["PostgreSQL", "PostgreSQLRecords", "Records", "SQLiteRecords", "Support", "Vocabulary"]),
        tests(
            "SQLiteRecordsTests",
            ["SQLiteRecords", "Records", "Vocabulary", "Waiting", .product(name: "GRDB", package: "GRDB.swift")]),
        tests(
            "PostgreSQLRecordsTests",
            [
                "PostgreSQL", "PostgreSQLRecords", "Records", "RecordsCopy", "SQLiteRecords", "Support", "Vocabulary",
            ]),
        tests("DNSTests", ["DNS", "Support", "Vocabulary"]),
        tests("JSONRPCTests", nio + ["JSONRPC", "JSONWire", "Support", logging]),
        tests("SystemdTests", ["Systemd", logging]),
        tests("StatusesTests", ["Statuses", "Records", "Vocabulary"]),
        tests("DeliveryTests", ["Delivery", "MailStore", "Records", "Vocabulary"]),
        tests(
            "RunsTests",
            ["Runs", "Ground", "MailSource", "MailStore", "Records", "Secrets", "Support", "Vocabulary", logging]),
        tests("LoginsTests", ["AccountDirectory", "Logins", "Ground", "Records", "Secrets", "Vocabulary"]),
        tests("OpenMetricsTests", ["OpenMetrics", .product(name: "CoreMetrics", package: "swift-metrics")]),
        tests("MetricsServerTests", nio + ["MetricsServer", "Support", logging]),
        tests("NoticeTargetTests", ["NoticeTarget", "Vocabulary"]),
        tests("NoticesTests", ["Notices", "Records", "Vocabulary"]),
        tests("ReportsTests", ["Reports", "Records", "Vocabulary"]),
        tests("DiagnosisTests", ["Diagnosis", "DNS", "MailStore", "Records", "Runs", "Secrets", "Vocabulary"]),
        tests(
            "MigrationTests",
            nio + [
                "AccountDirectory", "AccountFile", "Accounts", "BuiltinDirectory", "Delivery", "Diagnosis", "Ground",
                "IMAPSource", "IMAPStore", "Logins", "OldServerPlaces", "OldServerPolicy", "MailSource", "MailStore",
                "MaildirStore", "MessageContent", "Migration", "Notices", "PlatformAccounts", "PlatformHashes",
                "POP3Source", "Records",
                "Runs", "SQLiteRecords", "Secrets",
                "Statuses",
                "Support", "Vocabulary", "Waiting", logging,
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests(
            "MethodsTests",
            [
                "AccountDirectory", "AccountFile", "Accounts", "BuiltinDirectory", "DNS", "Ground", "JSONRPC",
                "JSONWire", "MailMoveAPI",
                "MailSource", "MailStore", "Methods", "Migration", "Records", "Secrets", "Support", "Vocabulary",
                logging,
            ]),
        tests("ConfiguringTests", ["Configuring", "Secrets", "Vocabulary", .product(name: "Yams", package: "Yams")]),
        tests(
            "MailMoveClientTests",
            nio + ["MailMoveClient", "MailMoveAPI", "JSONRPC", "JSONWire", "Vocabulary", "Support", logging]),
        tests("IntegrationTests", ["MailMoveClient", "JSONWire", "Support"]),
    ]
)

// `make fuzz`: the rooms that read what strangers send, without sockets and TLS, so that sanitizers build them soon.
if Context.environment["MAILMOVE_FUZZ"] != nil {
    let reads: Set = [
        "AccountFile", "CGSASL", "CIDN2", "CLibcrypt", "CLinux", "CSodium", "IMAP", "JSONWire", "MailMoveAPI",
        "MailSession", "MessageContent", "POP3", "Secrets", "Vocabulary", "Waiting",
    ]
    package.targets.removeAll { !reads.contains($0.name) }
    package.targets.append(
        .target(
            name: "Fuzz",
            dependencies: [
                "AccountFile", "IMAP", "JSONWire", "MailMoveAPI", "MailSession", "MessageContent", "POP3", "Secrets",
                "Vocabulary", nioCore,
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: strict))
    package.products = [.library(name: "Fuzz", type: .static, targets: ["Fuzz"])]
    package.dependencies.removeAll { dependency in
        guard case .sourceControl(_, let location, _) = dependency.kind else { return true }
        return !location.hasSuffix("/swift-nio") && !location.hasSuffix("/swift-collections")
    }
}
