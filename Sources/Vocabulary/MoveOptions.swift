// SPDX-License-Identifier: Apache-2.0

/// How a domain's mailboxes are moved.
public struct MoveOptions: Hashable, Sendable, Codable {
    public enum MarkSeen: String, Sendable, Codable, CaseIterable { case none, all }

    public enum Order: String, Sendable, Codable, CaseIterable { case oldestFirst, newestFirst }

    /// What becomes of a message's flags and keywords.
    public enum Flags: String, Sendable, Codable, CaseIterable { case keep, none }

    /// Late mail, brought without another login.
    public struct FollowUp: Hashable, Sendable, Codable {
        /// For how long after a completed run.
        public var hours: Int
        public var everyMinutes: Int

        public init(hours: Int, everyMinutes: Int = Defaults.followUpMinutes) {
            self.hours = hours
            self.everyMinutes = everyMinutes
        }
    }

    /// Which folders move, and where to; paths in UTF-8, with `/` between levels, in which `*` stands for anything.
    public struct Folders: Hashable, Sendable, Codable {
        /// Those that do not move.
        public var exclude: [String] = []
        /// From an old folder to a new one.
        public var map: [String: String] = [:]
        /// Whether folders of other users, and those of many, move too.
        public var shared = false

        public init() {}
    }

    public var preserveUIDL = true
    public var markSeen = MarkSeen.none
    public var order = Order.oldestFirst
    public var deleteAfterMove = false
    /// Connections of moves to this server at once, where fewer than the daemon's own limit.
    public var maxConnections: Int?
    /// Where mail of the inbox arrives: `INBOX`, or the name of a folder, with dots between levels.
    public var folder = "INBOX"
    public var folders = Folders()
    public var flags = Flags.keep
    public var followUp: FollowUp?

    public init() {}
}

extension MoveOptions {
    /// What is missing is as by default: options are recorded, and an earlier version knew fewer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, else other: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? other
        }
        self.init()
        preserveUIDL = try value(.preserveUIDL, else: preserveUIDL)
        markSeen = try value(.markSeen, else: markSeen)
        order = try value(.order, else: order)
        deleteAfterMove = try value(.deleteAfterMove, else: deleteAfterMove)
        maxConnections = try container.decodeIfPresent(Int.self, forKey: .maxConnections)
        folder = try value(.folder, else: folder)
        folders = try value(.folders, else: folders)
        flags = try value(.flags, else: flags)
        followUp = try container.decodeIfPresent(FollowUp.self, forKey: .followUp)
    }
}
