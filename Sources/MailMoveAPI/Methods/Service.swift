// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import Vocabulary

/// The answer to `ping`.
public struct ProgramVersion: Codable, Hashable, Sendable, Described {
    public var version: String

    public init(version: String = Vocabulary.version) { self.version = version }

    public static let schema = Schema.object(
        ObjectSchema("Version", "The daemon's version.", [.required("version", .text, "such as 1.0.0")]))
}

/// How the daemon is.
public struct ServiceStatus: Codable, Hashable, Sendable, Described {
    /// A database or a mail store.
    public struct Part: Codable, Hashable, Sendable {
        /// Such as `sqlite`, `maildir`.
        public var kind: String
        /// Whether it answers.
        public var ok: Bool

        public init(kind: String, ok: Bool) {
            self.kind = kind
            self.ok = ok
        }
    }

    /// One of the nodes that share the database.
    public struct Node: Codable, Hashable, Sendable {
        public var name: String
        public var version: String
        public var startedAt: Timestamp
        /// When it last gave a sign of life, by the database's clock.
        public var seenAt: Timestamp
        /// Accounts that it moves.
        public var moving: Int

        public init(name: String, version: String, startedAt: Timestamp, seenAt: Timestamp, moving: Int) {
            self.name = name
            self.version = version
            self.startedAt = startedAt
            self.seenAt = seenAt
            self.moving = moving
        }
    }

    public var version: String
    public var startedAt: Timestamp
    /// Accounts that are moving.
    public var moving: Int
    /// Accounts that wait for their turn.
    public var queued: Int
    /// Connected clients.
    public var clients: Int
    public var store: Part
    public var mailStore: Part
    /// What `systemctl status` shows.
    public var statusText: String
    /// Those that share the database, by name; none where it is this node's own.
    public var nodes: [Node]

    public init(
        version: String = Vocabulary.version, startedAt: Timestamp, moving: Int, queued: Int, clients: Int,
        store: Part, mailStore: Part, statusText: String, nodes: [Node] = []
    ) {
        self.nodes = nodes
        self.version = version
        self.startedAt = startedAt
        self.moving = moving
        self.queued = queued
        self.clients = clients
        self.store = store
        self.mailStore = mailStore
        self.statusText = statusText
    }

    private static let part = Schema.object(
        ObjectSchema(
            "Part", "A database or a mail store.",
            [.required("kind", .text, "such as sqlite, maildir"), .required("ok", .boolean, "whether it answers")]))

    private static let node = Schema.object(
        ObjectSchema(
            "Node", "One of the nodes that share the database.",
            [
                .required("name", .text, "its node.name"), .required("version", .text, "such as 1.0.0"),
                .required("startedAt", .time, "since when it runs"),
                .required("seenAt", .time, "when it last gave a sign of life, by the database's clock"),
                .required("moving", .count, "accounts that it moves"),
            ]))

    public static let schema = Schema.object(
        ObjectSchema(
            "ServiceStatus", "How the daemon is.",
            [
                .required("version", .text, "such as 1.0.0"),
                .required("startedAt", .time, "since when it runs"),
                .required("moving", .count, "accounts that are moving"),
                .required("queued", .count, "accounts that wait for their turn"),
                .required("clients", .count, "connected clients"),
                .required("store", part, "where is remembered what was moved"),
                .required("mailStore", part, "where mail goes"),
                .required("statusText", .text, "what systemctl status shows"),
                .required("nodes", .array(of: node), "those that share the database; none where it is this node's own"),
            ]))

    static let example = ServiceStatus(
        startedAt: .example, moving: 3, queued: 0, clients: 5, store: Part(kind: "sqlite", ok: true),
        mailStore: Part(kind: "maildir", ok: true), statusText: "moving 3 accounts")
}

/// The contract as an OpenRPC document.
public struct Discovery: Codable, Sendable, Described {
    public var document: JSONValue

    public init(_ document: JSONValue) { self.document = document }

    public init(from decoder: any Decoder) throws { self.document = try JSONValue(from: decoder) }

    public func encode(to encoder: any Encoder) throws { try document.encode(to: encoder) }

    public static let schema = Schema.anyObject("An OpenRPC document: https://spec.open-rpc.org/")
}

extension Contract {
    public static let ping = MethodDeclaration<NoParameters, ProgramVersion>(
        "ping", .login, "Answers at once, with the daemon's version.", isIdempotent: true, example: [:],
        gives: ProgramVersion())

    public static let discover = MethodDeclaration<NoParameters, Discovery>(
        "rpc.discover", .login, "Describes the methods that this socket may call, as an OpenRPC document.",
        isIdempotent: true, example: [:],
        gives: Discovery(["openrpc": "1.3.2", "info": ["title": "mailmove", "version": "1.0.0"], "methods": []]))

    public static let getServiceStatus = MethodDeclaration<NoParameters, ServiceStatus>(
        "getServiceStatus", .admin, "Tells how the daemon is.", isIdempotent: true, example: [:], gives: .example)
}
