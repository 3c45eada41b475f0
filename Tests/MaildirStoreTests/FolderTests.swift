// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Testing
import Vocabulary

@testable import MaildirStore

/// Folders as Dovecot and Courier have them.
@Suite(.timeLimit(.minutes(2))) struct FolderTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: [
        (["INBOX"], []), (["inbox"], []), (["Archive"], [".Archive"]), (["Old Mail", "2019"], [".Old Mail.2019"]),
        (["R&D"], [".R&-D"]), (["Entwürfe"], [".Entw&APw-rfe"]), (["台北"], [".&U,BTFw-"]), (["😀"], [".&2D3eAA-"]),
        (["aä&b"], [".a&AOQ-&-b"]), (["v1.2", "a/b"], [".v1_2.a_b"]),
        // Dovecot opens none below the inbox that is written otherwise.
        (["Inbox", "Sub"], [".INBOX.Sub"]), (["Inboxes", "Sub"], [".Inboxes.Sub"]),
    ])
    func foldersLieSideBySide(levels: [String], directories: [String]) {
        #expect(FolderName(levels, .maildirPlusPlus).directories == directories)
    }

    @Test(arguments: [
        (["INBOX"], []), (["Old Mail", "2019"], ["Old Mail", "2019"]), (["台北", "v1.2"], ["&U,BTFw-", "v1.2"]),
        // Names that a Maildir has a use of its own for.
        (["cur", "tmp"], ["_cur", "_tmp"]), ([".hidden"], ["_.hidden"]), (["mailmove.marker"], ["_mailmove.marker"]),
        (["dovecot-uidlist"], ["_dovecot-uidlist"]), (["inbox", "Sub"], ["INBOX", "Sub"]),
    ])
    func orOneInTheOther(levels: [String], directories: [String]) {
        #expect(FolderName(levels, .fs).directories == directories)
    }

    @Test func namesThatAreTooLongTogetherAreCutAndStayDifferent() {
        let deep = (1...12).map { "台北市政府\($0)" }
        let names = [deep, deep.dropLast() + ["other"], [String(repeating: "x", count: 250)]].map {
            FolderName($0, .maildirPlusPlus).directories
        }
        #expect(Set(names).count == 3)
        for name in names {
            #expect(name.count == 1 && name[0].utf8.count <= 240)
            // Each stretch of Base64 ends.
            #expect(name[0].count { $0 == "&" } <= name[0].count { $0 == "-" })
        }
    }

    private static let folders = [
        NewFolder(["Sent"]), NewFolder(["Projects", "2024"]), NewFolder(["客户"]),
        NewFolder(["Quiet"], isSubscribed: false),
    ]

    @Test(arguments: FolderLayout.allCases)
    func foldersAreMadeAndSubscribedTo(layout: FolderLayout) async throws {
        let store = try scratch.store(layout: layout)
        for _ in 0..<2 { try await store.make(Self.folders, of: ann, expecting: [:]) }
        let (paths, subscribed) =
            layout == .fs
            ? (["Sent", "Projects/2024", "&W6JiNw-", "Quiet"], "Sent\nProjects/2024\n&W6JiNw-\n")
            : ([".Sent", ".Projects.2024", ".&W6JiNw-", ".Quiet"], "Sent\nProjects.2024\n&W6JiNw-\n")
        for path in paths {
            #expect(try Set(scratch.names(path)).isSuperset(of: ["cur", "new", "tmp"]), "\(path)")
        }
        #expect(try String(decoding: scratch.octets("subscriptions"), as: UTF8.self) == subscribed)
        #expect(try !scratch.names(".").contains("subscriptions.lock"))
        #expect(try await store.contents(of: ann, .ours)?.count == 0)
    }

    @Test func whatIsSubscribedAlreadyStaysInItsForm() async throws {
        let store = try scratch.store()
        try await store.make([], of: ann, expecting: [:])
        _ = try await store.adopt(ann)
        let file = URL(fileURLWithPath: "\(scratch.maildir)/subscriptions")
        try Data("V\t2\n\nSent\nMy\tOwn\n".utf8).write(to: file)
        try await store.make(Self.folders, of: ann, expecting: [:])
        #expect(
            try String(decoding: scratch.octets("subscriptions"), as: UTF8.self)
                == "V\t2\n\nSent\nMy\tOwn\nProjects\t2024\n&W6JiNw-\n")
    }

    /// A mail server that keeps the file locked does not end a run.
    @Test func aFileThatIsLockedIsLeftAlone() async throws {
        let store = try scratch.store()
        _ = try await store.adopt(ann)
        try Data().write(to: URL(fileURLWithPath: "\(scratch.maildir)/subscriptions.lock"))
        try await store.make([NewFolder(["Sent"])], of: ann, expecting: [:])
        #expect(try scratch.names(".Sent").contains("cur"))
        #expect(try !scratch.names(".").contains("subscriptions"))
    }

    @Test(arguments: FolderLayout.allCases)
    func mailOfEachFolderIsFoundAgainAfterACrash(layout: FolderLayout) async throws {
        let options = DeliveryOptions(folders: [["INBOX"], ["Projects", "2024"], ["Projects"]])
        let store = try scratch.store(layout: layout)
        let writer = try await store.open(ann, options: options, intended: [])
        for number in 0..<9 {
            var message = listed(number + 1)
            message.folder = number / 3
            await writer.bring(message, Array("Subject: \(number)\n\n".utf8))
        }
        writer.finish()
        let staged = try await writer.all()
        let batches = stride(from: 0, to: 9, by: 3).map { writer.batch(of: Array(staged[$0..<$0 + 3])) }
        #expect(await store.sync(batches).isEmpty)
        try await store.publish(batches[0])
        // Another run begins, and knows of what was intended.
        let again = try scratch.store(layout: layout)
        _ = try await again.open(ann, options: options, intended: batches)
        for batch in batches {
            for isRecent in [true, false] {
                let recovered = try await again.recover(batch, of: ann, isRecent: isRecent)
                #expect(recovered.fates == [.delivered, .delivered, .delivered])
            }
        }
        #expect(try await again.contents(of: ann, .ours)?.count == 9)
        let directory = layout == .fs ? "Projects/2024" : ".Projects.2024"
        #expect(try scratch.names("\(directory)/new").count == 3)
        #expect(try scratch.names("\(directory)/tmp").isEmpty)
        #expect(try await again.runs(of: ann).values.map { $0 } == [9])
    }

    /// A folder that its user deletes here is made again when there is mail for it, and not before.
    @Test func whatEarlierRunsLeftIsSweptInEveryFolder() async throws {
        let store = try scratch.store()
        _ = try await store.stage([[65]], options: DeliveryOptions(folders: [["Old"]]))
        _ = try await store.open(ann, options: DeliveryOptions(folders: [["New"]]), intended: [])
        #expect(try scratch.names(".Old/tmp").isEmpty)
        #expect(try !scratch.names(".").contains(".New"))
    }

    // MARK: Keywords

    private func marked(_ keywords: [[String]], in store: MaildirStore) async throws -> [String] {
        let writer = try await store.open(ann, options: DeliveryOptions(folders: [["Work"]]), intended: [])
        for number in keywords.indices { await writer.bring(listed(number + 1), Array("\(number)\n".utf8)) }
        writer.finish()
        var staged = try await writer.all()
        for index in staged.indices { staged[index].keywords = keywords[index] }
        try await writer.takeKeywords(of: staged)
        let batch = writer.batch(of: staged)
        #expect(await store.sync([batch]).isEmpty)
        try await store.publish(batch)
        let there = try scratch.names(".Work/cur") + scratch.names(".Work/new")
        #expect(Set(there).isSuperset(of: batch.names))
        return batch.names.map { name in
            name.firstRange(of: ":2,").map { String(name[$0.upperBound...]) } ?? ""
        }
    }

    private func file() throws -> String {
        String(decoding: try scratch.octets(".Work/dovecot-keywords"), as: UTF8.self)
    }

    @Test func keywordsArriveAsDovecotHasThem() async throws {
        let store = try scratch.store()
        #expect(
            try await marked([["$Forwarded", "Wichtig"], [], ["Wichtig"]], in: store) == ["ab", "", "b"])
        #expect(try file() == "0 $Forwarded\n1 Wichtig\n")
        // What the user's programs have named stays.
        try Data("0 $Forwarded\n1 Wichtig\n3 Own\n".utf8)
            .write(to: URL(fileURLWithPath: "\(scratch.maildir)/.Work/dovecot-keywords"))
        #expect(try await marked([["Later", "Own"], ["$Forwarded"]], in: scratch.store()) == ["cd", "a"])
        #expect(try file() == "0 $Forwarded\n1 Wichtig\n2 Later\n3 Own\n")
    }

    @Test func keywordsThatCannotBeHeldAreLeftOut() async throws {
        let many = (10..<50).map { "Word\($0)" }
        let store = try scratch.store()
        let letters = try await marked([many, ["with space", String(repeating: "x", count: 51)]], in: store)
        #expect(letters == ["abcdefghijklmnopqrstuvwxyz", ""])
        #expect(try file().split(separator: "\n").count == 26)
    }

    @Test func flagsMayBeLeftOut() async throws {
        let store = try scratch.store()
        let options = DeliveryOptions(flags: .none)
        let writer = try await store.open(ann, options: options, intended: [])
        var message = listed(1)
        message.flags = [.seen, .flagged]
        await writer.bring(message, [65])
        writer.finish()
        var staged = try await writer.all()
        staged[0].keywords = ["Wichtig"]
        try await writer.takeKeywords(of: staged)
        #expect(!writer.batch(of: staged).names[0].contains(":"))
        #expect(try !scratch.names(".").contains("dovecot-keywords"))
    }
}
