// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSource
import Support
import Testing
import Vocabulary

/// Which folders there are, and where their mail goes.
@Suite(.timeLimit(.minutes(5))) struct FolderTests {
    typealias Folder = IMAPMailboxServer.Folder

    private static func wire(_ name: String) -> String { String(decoding: MailboxName(name).octets, as: UTF8.self) }

    private func folders(
        _ folders: [Folder], by rules: FolderRules = FolderRules(),
        _ change: (inout IMAPMailboxServer.Options) -> Void = { _ in }
    ) async throws -> (folders: [SourceFolder], seen: [String]) {
        let server = try OldIMAP.server(folders, change)
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let found = try await session.folders(by: rules)
        try await session.leave()
        return (found, server.seen)
    }

    private func targets(_ folders: [SourceFolder]) -> [String: String] {
        Dictionary(
            folders.map { ($0.path.joined(separator: "/"), $0.target.joined(separator: "/")) },
            uniquingKeysWith: { "\($0)|\($1)" })
    }

    private static let one = IMAPMailboxServer.Message(5, "a: b\r\n\r\n")

    @Test func allFoldersMoveButThoseThatShowOthers() async throws {
        let (found, seen) = try await folders([
            Folder("INBOX", [Self.one, Self.one]), Folder(Self.wire("已发送"), [Self.one]), Folder("Leer"),
            Folder(Self.wire("客户"), [Self.one]), Folder(Self.wire("客户/北京")),
            Folder("Flagged", attributes: ["\\Flagged"]),
            Folder("[Gmail]", attributes: ["\\Noselect"]), Folder("Everything", attributes: ["\\All"], [Self.one]),
            Folder("Important", attributes: ["\\Important"]),
        ])
        #expect(
            targets(found) == [
                "INBOX": "INBOX", "已发送": "Sent", "Leer": "Leer", "客户": "客户", "客户/北京": "客户/北京",
                "Everything": "Archive",
            ])
        #expect(found.map(\.number) == Array(0..<6) && found.map(\.messages) == [2, 1, 0, 1, 0, 1])
        #expect(found.map(\.showsOthers) == [false, false, false, false, false, true])
        #expect(found[1].specialUse == .sent && found[3].specialUse == nil)
        #expect(found.allSatisfy { $0.validity == 7 && $0.mark?.validity == 7 })
        #expect(found[3].mark?.next == 6)
        #expect(!seen.contains { $0.hasPrefix("STATUS \"INBOX\"") }, "not of the folder that is open")
        #expect(seen.count { $0.hasPrefix("STATUS ") } == 5, "nor of those that do not move")
    }

    @Test func thePrefixOfTheNamespaceGoes() async throws {
        let (found, _) = try await folders([
            Folder("INBOX"), Folder("INBOX.Sent Items"), Folder("INBOX.A.B"), Folder("shared.x"),
        ]) { options in
            options.delimiter = "."
            options.namespace = #"(("INBOX." ".")) NIL (("shared." "."))"#
        }
        #expect(targets(found) == ["INBOX": "INBOX", "Sent Items": "Sent", "A/B": "A/B"])
    }

    /// As Exchange 2003 does.
    @Test(arguments: [IMAPMailboxServer.Misdeed.isSilent, .hangsUp])
    func aServerThatDoesNotBearTheQuestionForNamespacesNeedNotBeAsked(misdeed: IMAPMailboxServer.Misdeed) async throws {
        let server = try OldIMAP.server([Folder("INBOX"), Folder("INBOX/Sub")]) { options in
            options.misdeed = { $0 == "NAMESPACE" ? misdeed : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port, read: .seconds(1))
        let error = await #expect(throws: SourceError.self) { _ = try await session.folders() }
        #expect(error?.topic == .namespaces && error?.remedy == .again)
        let other = try await OldIMAP.session(server.port)
        var rules = FolderRules()
        rules.asksNamespaces = false
        #expect(try await other.folders(by: rules).map(\.path) == [["INBOX"], ["Sub"]])
        try await other.leave()
    }

    @Test func sharedFoldersMoveWhereThatIsAskedFor() async throws {
        var rules = FolderRules()
        rules.movesShared = true
        let (found, seen) = try await folders([Folder("INBOX"), Folder("shared/x")], by: rules) {
            $0.namespace = #"(("" "/")) NIL (("shared/" "/"))"#
        }
        #expect(targets(found) == ["INBOX": "INBOX", "shared/x": "shared/x"])
        #expect(seen.contains("LIST \"\" \"shared/*\""))
    }

    @Test func anAdministratorDecidesFirst() async throws {
        var rules = FolderRules()
        rules.exclude = ["Tmp/*"]
        rules.map = [.init("Old/*", to: "Archive/*"), .init("Sent", to: "Verschickt")]
        rules.earlier = ["X": "X 2", "Sent": "Sent Items"]
        let (found, _) = try await folders(
            [
                Folder("INBOX"), Folder("Tmp/a"), Folder("Old/2019"), Folder("Sent", attributes: ["\\Sent"]),
                Folder("X"),
            ],
            by: rules)
        #expect(
            targets(found) == [
                "INBOX": "INBOX", "Old/2019": "Archive/2019", "Sent": "Verschickt", "X": "X 2",
            ])
    }

    /// What was decided once stays so, whatever comes later.
    @Test func aFolderKeepsItsTargetFromSessionToSession() async throws {
        let (first, _) = try await folders([Folder("INBOX"), Folder("a:b"), Folder("Sent Items")], by: Self.unholdable)
        #expect(targets(first) == ["INBOX": "INBOX", "a:b": "a_b", "Sent Items": "Sent"])
        var rules = Self.unholdable
        rules.earlier = targets(first)
        let (second, _) = try await folders(
            [
                Folder("INBOX"), Folder("a_b"), Folder("a:b"), Folder("Sent Items"),
                Folder("Out", attributes: ["\\Sent"]),
            ],
            by: rules)
        #expect(
            targets(second) == ["INBOX": "INBOX", "a:b": "a_b", "a_b": "a_b 2", "Sent Items": "Sent", "Out": "Sent"])
    }

    private static let unholdable: FolderRules = {
        var rules = FolderRules()
        rules.unholdable = [":"]
        return rules
    }()

    // MARK: How they are asked for

    @Test func subscriptionsAreKnown() async throws {
        var unsubscribed = Folder("Abbestellt")
        unsubscribed.isSubscribed = false
        for isExtended in [true, false] {
            let (found, seen) = try await folders([Folder("INBOX"), Folder("Work"), unsubscribed]) { options in
                if isExtended { options.capabilitiesAfterLogin += ["LIST-EXTENDED", "SPECIAL-USE"] }
            }
            #expect(found.map(\.isSubscribed) == [true, true, false])
            #expect(seen.contains("LIST \"\" \"*\" RETURN (SUBSCRIBED SPECIAL-USE)") == isExtended)
            #expect(seen.contains("LSUB \"\" \"*\"") == !isExtended)
        }
    }

    /// RFC 3501 §6.3.9: LSUB may name folders that only have subscribed ones below them, and says so.
    @Test func aFolderIsNotSubscribedBecauseOneBelowItIs() async throws {
        let (found, _) = try await folders([Folder("INBOX"), Folder("Work"), Folder("Work/2024")]) { options in
            options.answer = { command in
                guard command.hasPrefix("LSUB") else { return nil }
                return #"""
                    * LSUB () "/" "INBOX"\r
                    * LSUB (\Noselect \HasChildren) "/" "Work"\r
                    * LSUB () "/" "Work/2024"\r
                    %T OK\r

                    """#.replacing(#"\r"#, with: "\r")
            }
        }
        #expect(found.map(\.isSubscribed) == [true, false, true])
    }

    @Test func XLISTIsUsedWhereThereIsNothingBetter() async throws {
        let (found, seen) = try await folders([
            Folder("INBOX", attributes: ["\\Inbox"]), Folder("Verschickt", attributes: ["\\Sent"]),
            Folder("Alles", attributes: ["\\AllMail"]), Folder("Stern", attributes: ["\\Starred"]),
        ]) { $0.capabilitiesAfterLogin.append("XLIST") }
        #expect(targets(found) == ["INBOX": "INBOX", "Verschickt": "Sent", "Alles": "Archive"])
        #expect(seen.contains("XLIST \"\" \"*\"") && !seen.contains { $0.hasPrefix("LIST ") })
    }

    /// Strato announces the extended LIST, and answers it with nothing.
    @Test func anExtendedListThatIsEmptyIsNotBelieved() async throws {
        let (found, _) = try await folders([Folder("INBOX"), Folder("Work")]) { options in
            options.capabilitiesAfterLogin.append("LIST-EXTENDED")
            options.answer = { $0.contains("RETURN") ? "%T OK\r\n" : nil }
        }
        #expect(targets(found) == ["INBOX": "INBOX", "Work": "Work"])
    }

    @Test func theInboxIsThereWhateverIsListed() async throws {
        let (found, _) = try await folders([Folder("INBOX", [Self.one])]) { options in
            options.answer = { $0.hasPrefix("LIST") ? "%T OK\r\n" : nil }
        }
        #expect(found.map(\.path) == [["INBOX"]] && found.first?.messages == 1)
    }

    @Test func aServerThatListsNothingIsTold() async throws {
        let server = try OldIMAP.server { $0.answer = { $0.hasPrefix("LIST") ? "%T NO what folders\r\n" : nil } }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let error = await #expect(throws: SourceError.self) { _ = try await session.folders() }
        #expect(error?.code == .refused && error?.step == .folders && error?.detail.contains("what folders") == true)
    }

    // MARK: Folders that cannot be read

    @Test func aFolderThatIsRefusedIsNamedAndTheOthersMove() async throws {
        var refused = Folder("Kaputt", [Self.one])
        refused.refusal = "NO [SERVERBUG] its index is broken"
        var unopened = Folder("Zu", [Self.one])
        unopened.refusalToOpen = "NO [NOPERM] not for you"
        let server = try OldIMAP.server([Folder("INBOX", [Self.one]), refused, unopened, Folder("Work", [Self.one])])
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (folders, listing, sink, _) = try await OldIMAP.fetchAll(session)
        #expect(folders.map(\.path) == [["INBOX"], ["Kaputt"], ["Zu"], ["Work"]])
        #expect(listing.map(\.folder) == [0, 3] && sink.whole.count == 2)
        #expect(folders.map { session.refusal(of: $0) } == [nil, "its index is broken", "not for you", nil])
        try await session.leave()
    }

    @Test(arguments: ["a\r\nb", "a\nb", "a\0b", String(repeating: "n", count: 4097)])
    func aFolderThatNoCommandCanNameIsRefusedAndTheOthersMove(name: String) async throws {
        let list = ["INBOX", name, "Work"].map { "* LIST () \"/\" {\($0.utf8.count)}\r\n\($0)\r\n" }.joined()
        let server = try OldIMAP.server([Folder("INBOX", [Self.one]), Folder("Work", [Self.one])]) { options in
            options.answer = { $0.hasPrefix("LIST") ? "\(list)%T OK\r\n" : nil }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (folders, listing, sink, _) = try await OldIMAP.fetchAll(session)
        #expect(folders.count == 3 && listing.map(\.folder) == [0, 2] && sink.whole.count == 2)
        #expect(folders.map { session.refusal(of: $0)?.contains("cannot be asked for") } == [nil, true, nil])
        #expect(try await session.list(folders, ahead: true).map(\.folder) == [0, 2])
        try await session.leave()
    }

    @Test func aFolderAtWhichASessionEndsIsFoundAndPassedOver() async throws {
        let folders = [Folder("INBOX", [Self.one]), Folder("Bad", [Self.one]), Folder("Work", [Self.one])]
        let server = try OldIMAP.server(folders) { options in
            options.misdeed = { $0.hasPrefix("STATUS") && $0.contains("Bad") ? .hangsUp : nil }
        }
        defer { server.stop() }
        var rules = FolderRules()
        for topic in [nil, SourceError.Topic.folder(["Bad"])] {
            let session = try await OldIMAP.session(server.port)
            let error = await #expect(throws: SourceError.self) { _ = try await session.folders(by: rules) }
            #expect(error?.step == .folders && error?.topic == topic)
            rules.asksOneByOne = true
        }
        rules.passedOver = [["Bad"]: "it hangs up there"]
        let session = try await OldIMAP.session(server.port)
        let found = try await session.folders(by: rules)
        #expect(found.map { session.refusal(of: $0) } == [nil, "it hangs up there", nil])
        #expect(try await session.list(found, ahead: true).map(\.folder) == [0, 2])
        try await session.leave()
        #expect(!server.seen.contains { $0.hasPrefix("EXAMINE") && $0.contains("Bad") })
    }

    @Test func aFolderWhoseStatusIsRefusedIsOpened() async throws {
        let (found, seen) = try await folders([Folder("INBOX"), Folder("Work", [Self.one])]) { options in
            options.answer = { $0.hasPrefix("STATUS") ? "%T BAD what\r\n" : nil }
        }
        #expect(found.map(\.messages) == [0, 1] && seen.contains("EXAMINE \"Work\""))
    }
}
