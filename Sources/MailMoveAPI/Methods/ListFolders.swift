// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The folders of an account's old mailbox, as the latest run has found them.
public struct FolderList: Codable, Hashable, Sendable, Described {
    public struct Folder: Codable, Hashable, Sendable {
        /// Its path over there, with `/` between levels.
        public var name: String
        /// The path of the folder that its mail goes to.
        public var target: String
        @OrNull public var specialUse: SpecialUse?
        public var moved: Int
        /// What is still only on the old server.
        public var remaining: Int

        public init(name: String, target: String, specialUse: SpecialUse?, moved: Int, remaining: Int) {
            self.name = name
            self.target = target
            self.specialUse = specialUse
            self.moved = moved
            self.remaining = remaining
        }
    }

    public var folders: [Folder]

    public init(folders: [Folder]) { self.folders = folders }

    public static let schema = Schema.object(
        ObjectSchema(
            "FolderList", "The folders of an account's old mailbox; none before its first run.",
            [
                .required(
                    "folders",
                    .array(
                        of: .object(
                            ObjectSchema(
                                "Folder", "A folder of the old mailbox.",
                                [
                                    .required("name", .text, "its path over there, with / between levels"),
                                    .required("target", .text, "where its mail goes"),
                                    .required("specialUse", .orNull(.choice(SpecialUse.self)), "what it is for"),
                                    .required("moved", .count, "messages that have been moved from it"),
                                    .required("remaining", .count, "messages that are still only there"),
                                ]))), "the inbox first, the others by name")
            ]))

    static let example = FolderList(folders: [
        Folder(name: "INBOX", target: "INBOX", specialUse: nil, moved: 1500, remaining: 0),
        Folder(name: "Sent Items", target: "Sent", specialUse: .sent, moved: 310, remaining: 2),
    ])
}

extension Contract {
    public static let listFolders = MethodDeclaration<OneAccount, FolderList>(
        "listFolders", .admin, "Lists the folders of an account's old mailbox, and where their mail goes.",
        reasons: [.accountNotFound], isIdempotent: true, example: ["account": "ann@example.com"], gives: .example)
}
