// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
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
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // Floor 0: words, wire format, secrets, and the C libraries' headers.
        library("CSystemd", pkgConfig: "libsystemd", apt: "libsystemd-dev"),
        library("CGSASL", pkgConfig: "libgsasl", apt: "libgsasl-dev"),
        library("CLibcrypt", pkgConfig: "libcrypt", apt: "libcrypt-dev"),
        library("CSodium", pkgConfig: "libsodium", apt: "libsodium-dev"),
        library("CIDN2", pkgConfig: "libidn2", apt: "libidn2-dev"),
        library("CCares", pkgConfig: "libcares", apt: "libc-ares-dev"),
        .systemLibrary(name: "CLinux"),  // what glibc declares under _GNU_SOURCE alone
        room("Vocabulary", ["CIDN2"]),  // addresses, statuses, reasons: the words everyone uses
        room("JSONWire", []),  // JSON text, JSON-RPC envelopes, line framing; no I/O
        room("Waiting", ["CLinux"]),  // what all waiting for time is made of
        room("OldServerPolicy", []),  // who may open a connection to an old server: one value that decides
        room("Secrets", ["CSodium", "CLibcrypt"]),  // guarded passwords, sealing, crypt(3)
        room("AccountFile", ["Vocabulary", "Secrets"]),  // files of accounts, as other systems export them
        room(  // IMAP without I/O: framing, grammar, commands, and what they mean
            "IMAP", ["Vocabulary", "Secrets", deque, .product(name: "NIOCore", package: "swift-nio")]),
        room("MailMoveAPI", ["Vocabulary", "JSONWire", "Secrets"]),  // the contract as types, one declaration a method

        // Floor 1: one concern each; none knows another.
        room(
            "POP3",
            nio + [
                "Vocabulary", "Secrets", "CGSASL", deque, .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        room("MailStore", ["Vocabulary"]),  // what a store of mail must promise
        room("MaildirStore", ["MailStore", "Vocabulary", "CSodium", "CLinux"]),  // … kept by Maildirs
        room("Records", ["Vocabulary"]),  // what is remembered, as a protocol
        room(
            "SQLiteRecords",
            [
                "Records", "Vocabulary", "Waiting", "CLinux", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ]),
        room("JSONRPC", nio + ["JSONWire", logging]),  // the Unix-socket server; knows nothing of mail
        room("Systemd", ["CSystemd", logging]),  // sockets, readiness, watchdog, fd store, credentials

        room("OldServerPlaces", ["OldServerPolicy", "Waiting"]),  // … and hands out the places that it decides on
        room("DNS", ["Vocabulary", "CCares", "CLinux"]),  // what name servers say; SPF

        // Floor 2: a login becomes a run; a run turns a POP3 session into durable messages and a ledger.
        room(
            "Migration",
            [
                "AccountFile", "POP3", "MailStore", "Records", "DNS", "Secrets", "Vocabulary", "Waiting", logging,
                deque,
            ]),

        // Floor 3: one file a method.
        room("Methods", ["AccountFile", "Migration", "JSONRPC", "MailMoveAPI", "Waiting", logging]),

        // What the administrator has set: flags, environment, file; one list of keys.
        room(
            "Configuring",
            [
                "Secrets", logging, .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Yams", package: "Yams"),
            ]),

        // Floor 4: wiring.
        .executableTarget(
            name: "mailmoved",
            dependencies: [
                "CLinux", "Configuring", "DNS", "Methods", "Migration", "MaildirStore", "SQLiteRecords", "JSONRPC",
                "Systemd",
                "Secrets", "Waiting",
                lifecycle, logging, .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Clients.
        room(
            "MailMoveClient", nio + ["MailMoveAPI", "JSONWire", "Secrets", "Vocabulary"],
            path: "clients/swift/MailMoveClient"),

        // Tests mirror the rooms.
        .target(name: "Support", dependencies: ["JSONWire"], path: "Tests/Support", swiftSettings: strict),
        tests("VocabularyTests", ["Vocabulary"]),
        tests("WaitingTests", ["Waiting"]),
        tests("JSONWireTests", ["JSONWire"]),
        tests("OldServerPolicyTests", ["OldServerPolicy"]),
        tests("OldServerPlacesTests", ["OldServerPlaces", "OldServerPolicy", "Waiting"]),
        tests("SecretsTests", ["Secrets"]),
        tests("AccountFileTests", ["AccountFile", "Secrets"], resources: [.copy("Exports")]),
        tests("MailMoveAPITests", ["MailMoveAPI", "JSONWire", "Secrets", "Vocabulary"]),
        tests("POP3Tests", ["POP3", "Support"], resources: [.copy("Conversations")]),
        tests(
            "IMAPTests", ["IMAP", "Secrets", "Vocabulary", .product(name: "NIOCore", package: "swift-nio")],
            resources: [.copy("Conversations")]),
        tests("MaildirStoreTests", ["MaildirStore", "Support"]),
        tests("SQLiteRecordsTests", ["SQLiteRecords"]),
        tests("DNSTests", ["DNS", "Support"]),
        tests("JSONRPCTests", nio + ["JSONRPC", "Support"]),
        tests("SystemdTests", ["Systemd", "Support"]),
        tests(
            "MigrationTests",
            nio + [
                "AccountFile", "DNS", "Migration", "MailStore", "MaildirStore", "Records", "SQLiteRecords", "Secrets",
                "Vocabulary",
                "Support", logging,
            ]),
        tests(
            "MethodsTests",
            ["AccountFile", "Methods", "MailMoveAPI", "JSONWire", "MailStore", "Migration", "Records", "Vocabulary"]),
        tests("ConfiguringTests", ["Configuring", "Secrets", .product(name: "Yams", package: "Yams")]),
        tests(
            "MailMoveClientTests",
            nio + ["MailMoveClient", "MailMoveAPI", "JSONRPC", "JSONWire", "Vocabulary", "Support", logging]),
        tests("IntegrationTests", ["MailMoveClient", "JSONWire", "Support"]),
    ]
)

// `make fuzz`: the rooms that read what strangers send, down to the sockets and TLS but without them, so that sanitizers
// build them soon.
if Context.environment["MAILMOVE_FUZZ"] != nil {
    let withSockets = [
        "ChannelHandler.swift", "Connection.swift", "Opening.swift", "POP3Session.swift", "Resolution.swift",
        "TLSFailure.swift", "TLSTrust.swift",
    ]
    let read: Set = [
        "CGSASL", "CLibcrypt", "CLinux", "CSodium", "CIDN2", "Vocabulary", "JSONWire", "Secrets", "MailMoveAPI",
        "AccountFile", "MailStore", "MaildirStore",
    ]
    let core: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
    package.targets.removeAll { !read.contains($0.name) }
    package.targets += [
        .target(
            name: "POP3", dependencies: ["Vocabulary", "Secrets", "CGSASL", deque, core], exclude: withSockets,
            swiftSettings: strict),
        .target(name: "IMAP", dependencies: ["Vocabulary", "Secrets", deque, core], swiftSettings: strict),
        .target(
            name: "Fuzz",
            dependencies: [
                "POP3", "IMAP", "MaildirStore", "AccountFile", "MailMoveAPI", "JSONWire", "Vocabulary", "Secrets", core,
            ],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
    ]
    package.products = [.library(name: "Fuzz", type: .static, targets: ["Fuzz"])]
    package.dependencies.removeAll { dependency in
        guard case .sourceControl(_, let location, _) = dependency.kind else { return true }
        return !location.hasSuffix("/swift-nio") && !location.hasSuffix("/swift-collections")
    }
}
