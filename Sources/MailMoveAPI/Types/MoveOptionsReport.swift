// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// How a domain's mailboxes are moved with every member present, as results carry it.
public struct MoveOptionsReport: Codable, Hashable, Sendable {
    public var preserveUIDL: Bool
    public var markSeen: MoveOptions.MarkSeen
    public var order: MoveOptions.Order
    public var deleteAfterMove: Bool
    @OrNull public var maxConnections: Int?
    public var folder: String
    public var folders: MoveOptions.Folders
    public var flags: MoveOptions.Flags
    @OrNull public var followUp: MoveOptions.FollowUp?

    public init(_ options: MoveOptions) {
        self.preserveUIDL = options.preserveUIDL
        self.markSeen = options.markSeen
        self.order = options.order
        self.deleteAfterMove = options.deleteAfterMove
        self.maxConnections = options.maxConnections
        self.folder = options.folder
        self.folders = options.folders
        self.flags = options.flags
        self.followUp = options.followUp
    }
}

extension MoveOptionsReport: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "MoveOptions", "How the mailboxes are moved.",
            [
                .required("preserveUIDL", .boolean, "whether the UIDL is kept, as a header field X-UIDL on top"),
                .required("markSeen", .choice(MoveOptions.MarkSeen.self), "which messages arrive as seen"),
                .required("order", .choice(MoveOptions.Order.self), "which messages come first"),
                .required("deleteAfterMove", .boolean, "whether moved messages are deleted from the old server"),
                .required("maxConnections", .orNull(.integer(1...1000)), "connections at once, where fewer"),
                .required("folder", .folder, "where messages of the inbox arrive"),
                .required(
                    "folders",
                    .object(
                        ObjectSchema(
                            "Which folders move, by IMAP.",
                            [
                                .required("exclude", .array(of: .folderPath), "those that do not move"),
                                .required("map", .map(of: .folderPath), "from an old folder to a new one"),
                                .required("shared", .boolean, "whether folders of others move too"),
                            ])), "which folders move, and where to, by IMAP"),
                .required("flags", .choice(MoveOptions.Flags.self), "whether messages keep their flags, by IMAP"),
                .required(
                    "followUp",
                    .orNull(
                        .object(
                            ObjectSchema(
                                "Late mail, brought without another login.",
                                [
                                    .required("hours", .integer(1...8760), "for so long after a completed run"),
                                    .required("everyMinutes", .integer(1...1440), "how often"),
                                ]))),
                    "whether late mail is brought without another login"),
            ]))
}
