// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import IMAP

/// Where folders go.
struct FolderPlanTests {
    private static func folder(
        _ name: String, _ attributes: String..., delimiter: Unicode.Scalar = "/"
    ) -> ListedMailbox {
        ListedMailbox(
            MailboxName(name), delimiter: UInt8(ascii: delimiter), attributes: Set(attributes.map { "\\\($0)" }))
    }

    private static func plan(
        _ listed: [ListedMailbox], _ namespaces: Namespaces? = nil, _ rules: (inout FolderPlan.Rules) -> Void = { _ in }
    ) -> [String: String] {
        var all = FolderPlan.Rules()
        rules(&all)
        let folders = FolderPlan(listed, namespaces: namespaces, rules: all).folders
        return Dictionary(
            folders.map { ($0.path, $0.target.isEmpty ? "\($0.fate)" : $0.targetPath) },
            uniquingKeysWith: { "\($0) | \($1)" })
    }

    private static let courier: Namespaces = {
        var namespaces = Namespaces()
        namespaces.personal = [.init(prefix: "INBOX.", delimiter: UInt8(ascii: "."))]
        namespaces.otherUsers = [.init(prefix: "user.", delimiter: UInt8(ascii: "."))]
        namespaces.shared = [.init(prefix: "", delimiter: UInt8(ascii: "."))]
        return namespaces
    }()

    private static let ours: Namespaces = {
        var namespaces = Namespaces()
        namespaces.personal = [.init(prefix: "INBOX.", delimiter: UInt8(ascii: "."))]
        return namespaces
    }()

    @Test func thePrefixGoes() {
        let listed = ["inbox", "INBOX.Sent", "INBOX.A.B", "INBOX.Entwürfe"].map { Self.folder($0, delimiter: ".") }
        let targets = ["INBOX": "INBOX", "Sent": "Sent", "A/B": "A/B", "Entwürfe": "Drafts"]
        #expect(Self.plan(listed, Self.courier) == targets)
        #expect(Self.plan(listed) == targets, "without NAMESPACE, where all lie below the inbox")
    }

    @Test func whatLiesBelowTheInboxStaysWhereOthersDoNot() {
        let listed = ["INBOX", "INBOX/Sub", "INBOX/Sent", "Other"].map { Self.folder($0) }
        #expect(
            Self.plan(listed) == [
                "INBOX": "INBOX", "INBOX/Sub": "INBOX/Sub", "INBOX/Sent": "Sent", "Other": "Other",
            ])
    }

    /// Dovecot opens none that is written otherwise.
    @Test func whatLiesBelowTheInboxLiesBelowItInCapitals() {
        let listed = ["INBOX", "Inbox/Sub", "inbox/sub", "Projects", "Inboxes/A"].map { Self.folder($0) }
        let plan = Self.plan(listed) { rules in
            rules.map = [(FolderPattern("Projects"), "inbox/Projects")]
            rules.earlier = ["Inbox/Sub": "Inbox/Sub"]
        }
        #expect(
            plan == [
                "INBOX": "INBOX", "Inbox/Sub": "INBOX/Sub", "inbox/sub": "INBOX/sub", "Projects": "INBOX/Projects",
                "Inboxes/A": "Inboxes/A",
            ])
        let special = Self.plan([Self.folder("INBOX"), Self.folder("Gesendet", "Sent")]) {
            $0.specialTargets[.sent] = "Inbox/Sent"
        }
        #expect(special["Gesendet"] == "INBOX/Sent")
    }

    @Test func foldersOfOthersMoveWhereThatIsAskedFor() {
        let listed = ["INBOX", "INBOX.A", "user.bob", "public"].map { Self.folder($0, delimiter: ".") }
        #expect(
            Self.plan(listed, Self.courier) == [
                "INBOX": "INBOX", "A": "A", "user/bob": "isNotPersonal", "public": "isNotPersonal",
            ])
        #expect(Self.plan(listed, Self.courier) { $0.movesShared = true }["user/bob"] == "user/bob")
    }

    @Test func theRootOfASharedNamespaceIsNotPersonal() {
        var namespaces = Namespaces()
        namespaces.personal = [.init(prefix: "", delimiter: UInt8(ascii: "/"))]
        namespaces.shared = [.init(prefix: "Public Folders/", delimiter: UInt8(ascii: "/"))]
        let listed = ["INBOX", "Public Folders", "Public Folders/x", "Public"].map { Self.folder($0) }
        let plan = Self.plan(listed, namespaces)
        #expect(plan["Public Folders"] == "isNotPersonal" && plan["Public Folders/x"] == "isNotPersonal")
        #expect(plan["Public"] == "Public")
    }

    @Test func attributesAreBelievedBeforeNames() {
        let listed = [
            Self.folder("INBOX"), Self.folder("Verschickt", "Sent"), Self.folder("Sent Items"), Self.folder("草稿箱"),
            Self.folder("Papierkorb"), Self.folder("Deleted Items"),
        ]
        #expect(
            Self.plan(listed) == [
                "INBOX": "INBOX", "Verschickt": "Sent", "Sent Items": "Sent Items", "草稿箱": "Drafts",
                "Papierkorb": "Trash", "Deleted Items": "Trash",
            ])
    }

    @Test(arguments: [
        ("Sent Items", "Sent"), ("SENT", "Sent"), ("已发送", "Sent"), ("草稿箱", "Drafts"), ("垃圾邮件", "Junk"),
        ("已删除", "Trash"), ("Éléments envoyés", "Sent"), ("Корзина", "Trash"), ("迷惑メール", "Junk"), ("Archiv", "Archive"),
        ("E\u{301}le\u{301}ments envoye\u{301}s", "Sent"), ("Sentinel", "Sentinel"), ("Projects/Sent", "Projects/Sent"),
    ])
    func wellKnownNamesAreKnown(name: String, target: String) {
        let plan = FolderPlan([Self.folder(name)])
        #expect(plan.folders.map(\.targetPath) == [target])
    }

    @Test func whatIsBelowASpecialFolderGoesWithIt() {
        let listed = [
            Self.folder("Gesendet", "Sent"), Self.folder("Gesendet/2024"), Self.folder("Gesendet/2024/Mai"),
            Self.folder("Gesendetes"),
        ]
        #expect(
            Self.plan(listed) == [
                "Gesendet": "Sent", "Gesendet/2024": "Sent/2024", "Gesendet/2024/Mai": "Sent/2024/Mai",
                "Gesendetes": "Gesendetes",
            ])
    }

    @Test func platformsHaveNamesOfTheirOwn() {
        let listed = [Self.folder("Gesendet", "Sent"), Self.folder("Müll", "Trash")]
        let plan = Self.plan(listed) { $0.specialTargets = [.sent: "Mail/Sent Messages", .trash: ""] }
        #expect(plan == ["Gesendet": "Mail/Sent Messages", "Müll": "Müll"])
    }

    @Test func viewsDoNotMove() {
        let listed = [
            Self.folder("INBOX"), Self.folder("[Gmail]", "Noselect"), Self.folder("[Gmail]/All Mail", "All"),
            Self.folder("[Gmail]/Starred", "Flagged"), Self.folder("[Gmail]/Important", "Important"),
        ]
        let folders = FolderPlan(listed).folders
        #expect(folders.map(\.fate) == [.moves, .cannotBeOpened, .movesWhatIsNowhereElse, .isView, .isView])
        #expect(folders[2].targetPath == "Archive")
    }

    @Test func theAdministratorHasTheFirstWord() {
        let listed = [
            Self.folder("INBOX"), Self.folder("Sent", "Sent"), Self.folder("Projekte"), Self.folder("Projekte/A"),
            Self.folder("Old/2019"), Self.folder("Old/2019/x"), Self.folder("Tmp/a/b"), Self.folder("Spam"),
        ]
        let plan = Self.plan(listed) { rules in
            rules.exclude = [FolderPattern("Tmp/*"), FolderPattern("spam")]
            rules.map = [
                (FolderPattern("Sent"), "Verschickt"), (FolderPattern("Projekte"), "Kunden/Projekte"),
                (FolderPattern("Old/*"), "Archive/*"), (FolderPattern("inbox"), "Alt"),
            ]
        }
        #expect(
            plan == [
                "INBOX": "Alt", "Sent": "Verschickt", "Projekte": "Kunden/Projekte", "Projekte/A": "Kunden/Projekte/A",
                "Old/2019": "Archive/2019", "Old/2019/x": "Archive/2019/x", "Tmp/a/b": "excluded", "Spam": "Junk",
            ])
    }

    @Test func whatWasMappedOnceStaysSo() {
        let listed = [Self.folder("Sent", "Sent"), Self.folder("X"), Self.folder("X/Y")]
        #expect(
            Self.plan(listed) { $0.earlier = ["Sent": "Sent Items", "X": "X 2"] }
                == ["Sent": "Sent Items", "X": "X 2", "X/Y": "X 2/Y"])
        #expect(
            Self.plan(listed) {
                $0.earlier = ["Sent": "Sent Items"]
                $0.map = [(FolderPattern("Sent"), "Out")]
            }["Sent"] == "Out")
    }

    @Test func aNewcomerTakesNoTargetThatWasGiven() {
        let listed = [Self.folder("a_b"), Self.folder("a:b"), Self.folder("a:b/c"), Self.folder("a_b/c")]
        let plan = Self.plan(listed) { rules in
            rules.unholdable = [":"]
            rules.earlier = ["a:b": "a_b", "a:b/c": "a_b/c"]
        }
        #expect(plan == ["a:b": "a_b", "a:b/c": "a_b/c", "a_b": "a_b 2", "a_b/c": "a_b/c 2"])
    }

    @Test func twoFoldersOfOnePathKeepTheirTargetsFromRunToRun() {
        let dotted = ["INBOX", "a/b", "a_b", "x"].map { Self.folder($0, delimiter: ".") }
        let prefixed = ["INBOX", "INBOX.Foo", "Foo"].map { Self.folder($0, delimiter: ".") }
        for (listed, namespaces) in [(dotted, nil), (prefixed, Self.ours)] {
            let first = Self.plan(listed, namespaces)
            #expect(first.count == listed.count && Set(first.values).count == listed.count)
            for listed in [listed, listed.reversed()] {
                #expect(Self.plan(listed, namespaces) { $0.earlier = first } == first)
            }
        }
    }

    @Test func twoFoldersOnOneTargetMeetWhereItIsSpecial() {
        let listed = [
            Self.folder("a.b"), Self.folder("a_b"), Self.folder("a:b"), Self.folder("a_b 2"), Self.folder("Sent"),
            Self.folder("x", "Sent"), Self.folder("y"),
        ]
        let plan = Self.plan(listed) { rules in
            rules.unholdable = [".", ":"]
            rules.map = [(FolderPattern("y"), "INBOX")]
        }
        #expect(
            plan == [
                "a.b": "a_b", "a_b": "a_b 2", "a:b": "a_b 3", "a_b 2": "a_b 2 2", "Sent": "Sent", "x": "Sent",
                "y": "INBOX",
            ])
    }

    @Test func whatTheTargetCannotHoldIsReplaced() {
        let name = "a\u{7}b\u{1B}[31m"
        #expect(FolderPlan([Self.folder(name)]).folders[0].targetPath == "a_b_[31m")
        #expect(FolderPlan([Self.folder("../~x/.", delimiter: "/")]).folders[0].targetPath == "_./_x/_")
        #expect(FolderPlan([Self.folder("a/b", delimiter: ".")]).folders[0].targetPath == "a_b")
        let long = String(repeating: "长", count: 300)
        let plan = FolderPlan([Self.folder(long), Self.folder(long + "x")])
        #expect(plan.folders.allSatisfy { ModifiedUTF7.encode($0.targetPath).count <= 250 })
        #expect(Set(plan.folders.map(\.targetPath)).count == 2)
    }

    @Test func whatTheStoreHasAUseForIsNobodysFolder() {
        let listed = ["cur", "_cur", "a/dovecot.x", ".hidden", "a"].map { Self.folder($0) }
        let plan = Self.plan(listed) { $0.reserved = ["cur", ".*", "dovecot*"].map { FolderPattern($0) } }
        #expect(
            plan == [
                "cur": "_cur", "_cur": "_cur 2", "a/dovecot.x": "a/_dovecot.x", ".hidden": "_.hidden", "a": "a",
            ])
    }

    @Test func namesWithoutEndAreCut() {
        let names = [
            String(repeating: "a/", count: 30_000), String(repeating: "x", count: 60_000),
            "e" + String(repeating: "\u{301}", count: 20_000), String(repeating: "😀", count: 10_000),
        ]
        let plan = FolderPlan(names.map { Self.folder($0) })
        for folder in plan.folders {
            #expect((1...32).contains(folder.target.count))
            #expect(folder.target.allSatisfy { !$0.isEmpty && ModifiedUTF7.encode($0).count <= 250 })
        }
    }

    @Test func noNameBreaksIt() {
        let odd = ["", "/", "//", "&", "&&", "INBOX/", "/INBOX", "inbox/inbox", ".", "..", "*", "a//b"]
        for delimiter: Unicode.Scalar in ["/", ".", "&", "\\"] {
            let listed = odd.map { ListedMailbox(MailboxName(octets: $0.utf8), delimiter: UInt8(ascii: delimiter)) }
            for folder in FolderPlan(listed, rules: .init()).folders where folder.fate == .moves {
                #expect(!folder.target.isEmpty && folder.target.allSatisfy { !$0.isEmpty && !$0.contains("/") })
            }
        }
    }

    @Test(arguments: [
        ("*", "a/b", true), ("a*", "a/b", true), ("*b", "a/b", true), ("a*b", "ab", true), ("a*b*c", "a1b2c", true),
        ("a*b*c", "a1c2b", false), ("a", "a/b", false), ("inbox/*", "INBOX/x", true), ("A", "a", false),
        ("草稿*", "草稿箱", true), ("*a*", "bbb", false), ("ab*ba", "aba", false), ("", "", true), ("**", "x", true),
    ])
    func patternsMatch(pattern: String, path: String, matches: Bool) {
        #expect(FolderPattern(pattern).matches(path) == matches)
    }

    @Test func patternsOfStarsDoNotTakeForEver() {
        let pattern = FolderPattern(String(repeating: "a*", count: 500) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 4000)))
    }
}
