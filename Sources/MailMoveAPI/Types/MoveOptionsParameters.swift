// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// How a domain's mailboxes are to be moved, as a caller says it: all may be left out.
public struct MoveOptionsParameters: Codable, Hashable, Sendable {
    public struct FollowUp: Codable, Hashable, Sendable {
        public var hours: Int
        public var everyMinutes: Int?

        public init(hours: Int, everyMinutes: Int? = nil) {
            self.hours = hours
            self.everyMinutes = everyMinutes
        }
    }

    public struct Folders: Codable, Hashable, Sendable {
        public var exclude: [String]?
        public var map: [String: String]?
        public var shared: Bool?

        public init(exclude: [String]? = nil, map: [String: String]? = nil, shared: Bool? = nil) {
            self.exclude = exclude
            self.map = map
            self.shared = shared
        }

        init(_ folders: MoveOptions.Folders) {
            self.init(exclude: folders.exclude, map: folders.map, shared: folders.shared)
        }

        var folders: MoveOptions.Folders {
            var folders = MoveOptions.Folders()
            folders.exclude = exclude ?? []
            folders.map = map ?? [:]
            folders.shared = shared ?? false
            return folders
        }
    }

    public var preserveUIDL: Bool?
    public var markSeen: MoveOptions.MarkSeen?
    public var order: MoveOptions.Order?
    public var deleteAfterMove: Bool?
    public var maxConnections: Int?
    public var folder: String?
    public var folders: Folders?
    public var flags: MoveOptions.Flags?
    public var followUp: FollowUp?

    public init(
        preserveUIDL: Bool? = nil, markSeen: MoveOptions.MarkSeen? = nil, order: MoveOptions.Order? = nil,
        deleteAfterMove: Bool? = nil, maxConnections: Int? = nil, folder: String? = nil, folders: Folders? = nil,
        flags: MoveOptions.Flags? = nil,
        followUp: FollowUp? = nil
    ) {
        self.preserveUIDL = preserveUIDL
        self.markSeen = markSeen
        self.order = order
        self.deleteAfterMove = deleteAfterMove
        self.maxConnections = maxConnections
        self.folder = folder
        self.folders = folders
        self.flags = flags
        self.followUp = followUp
    }

    /// The parameters that ask for just these options.
    public init(_ options: MoveOptions) {
        self.init(
            preserveUIDL: options.preserveUIDL, markSeen: options.markSeen, order: options.order,
            deleteAfterMove: options.deleteAfterMove, maxConnections: options.maxConnections, folder: options.folder,
            folders: options.folders == MoveOptions.Folders() ? nil : Folders(options.folders), flags: options.flags,
            followUp: options.followUp.map { FollowUp(hours: $0.hours, everyMinutes: $0.everyMinutes) })
    }

    /// The same with the defaults filled in.
    public var options: MoveOptions {
        var options = MoveOptions()
        options.preserveUIDL = preserveUIDL ?? options.preserveUIDL
        options.markSeen = markSeen ?? options.markSeen
        options.order = order ?? options.order
        options.deleteAfterMove = deleteAfterMove ?? options.deleteAfterMove
        options.maxConnections = maxConnections
        options.folder = folder ?? options.folder
        options.folders = folders?.folders ?? options.folders
        options.flags = flags ?? options.flags
        options.followUp = followUp.map {
            MoveOptions.FollowUp(hours: $0.hours, everyMinutes: $0.everyMinutes ?? Defaults.followUpMinutes)
        }
        return options
    }
}

extension MoveOptionsParameters: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "MoveOptionsParameters", "How the mailboxes are moved; all may be left out.",
            [
                .optional("preserveUIDL", .boolean, default: true, "keep the UIDL, as a header field X-UIDL on top"),
                .optional(
                    "markSeen", .choice(MoveOptions.MarkSeen.self), default: "none", "which messages arrive as seen"),
                .optional(
                    "order", .choice(MoveOptions.Order.self), default: "oldestFirst", "which messages come first"),
                .optional(
                    "deleteAfterMove", .boolean, default: false,
                    "delete from the old server what is durable on the new one"),
                .optional(
                    "maxConnections", .integer(1...1000), "connections to this server at once, where fewer"),
                .optional("folder", .folder, default: "INBOX", "where messages of the inbox arrive"),
                .optional(
                    "folders",
                    .object(
                        ObjectSchema(
                            "Which folders move, by IMAP; paths have / between levels, and * stands for anything.",
                            [
                                .optional("exclude", .array(of: .folderPath), "those that do not move"),
                                .optional("map", .map(of: .folderPath), "from an old folder to a new one"),
                                .optional(
                                    "shared", .boolean, default: false,
                                    "whether folders of other users, and those of many, move too"),
                            ])), "which folders move, and where to, by IMAP"),
                .optional(
                    "flags", .choice(MoveOptions.Flags.self), default: "keep",
                    "whether messages arrive with the flags and keywords that they have, by IMAP"),
                .optional(
                    "followUp",
                    .object(
                        ObjectSchema(
                            "Late mail, brought without another login.",
                            [
                                .required("hours", .integer(1...8760), "for so long after a completed run"),
                                .optional(
                                    "everyMinutes", .integer(1...1440),
                                    default: .integer(Int64(Defaults.followUpMinutes)), "how often"),
                            ])),
                    "bring late mail without another login; the sealed password is kept for so long"),
            ]))
}
