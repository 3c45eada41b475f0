// SPDX-License-Identifier: Apache-2.0

import MailSource
import MailStore
import Records
import Secrets
import Testing
import Vocabulary

@testable import Runs

/// Ids mean something in their folder alone, for as long as that is numbered as it is.
@Suite struct RunPlanFolderTests {
    private let hash: LedgerHash
    private let mailbox: Int64 = 77

    init() throws { hash = LedgerHash(hash: try KeyedHash(key: Array(repeating: 7, count: 32))) }

    private func folder(_ number: Int, _ path: String, validity: UInt32 = 7, shows: Bool = false) -> SourceFolder {
        SourceFolder(
            number: number, path: path.split(separator: "/").map(String.init), validity: validity, messages: 1,
            showsOthers: shows)
    }

    private func listed(_ number: Int, in folder: Int, _ uid: Int, octets: Int = 100) -> ListedMessage {
        ListedMessage(number: number, octets: octets, uniqueID: UniqueID(octets: Array("\(uid)".utf8)), folder: folder)
    }

    private func names(_ folders: [SourceFolder]) -> LedgerNames { LedgerNames(folders, mailbox: mailbox, hash: hash) }

    private func plan(
        _ folders: [SourceFolder], _ listing: [ListedMessage], _ ledger: [LedgerRow],
        order: MoveOptions.Order = .oldestFirst, confirming: Bool = false
    ) -> RunPlan {
        RunPlan(
            listing: listing, ledger: ledger, names: names(folders), order: order,
            views: Set(folders.filter(\.showsOthers).map(\.number)), isConfirming: confirming)
    }

    private func judge(_ plan: inout RunPlan, _ message: ListedMessage, content: Int64) -> RunPlan.Verdict {
        plan.judge(
            StagedMessage(message: message, handle: "", octets: 100, content: ContentHash(value: content)))
    }

    /// The rows of a first run.
    private func ledger(_ folders: [SourceFolder], _ messages: [(ListedMessage, Int64)]) -> [LedgerRow] {
        var plan = plan(folders, messages.map(\.0), [])
        return messages.compactMap { message, content in
            switch judge(&plan, message, content: content) {
            case .new(let row), .known(_, let row), .filed(_, let row, _), .shown(let row): row
            }
        }
    }

    @Test func equalUIDsOfTwoFoldersAreTwoMessages() {
        let folders = [folder(0, "INBOX"), folder(1, "Work")]
        let listing = [listed(1, in: 0, 1), listed(2, in: 0, 2), listed(3, in: 1, 1)]
        let rows = ledger(folders, zip(listing, 1...3).map { ($0, $1) })
        #expect(Set(rows.compactMap(\.uniqueID)).count == 3)
        #expect(Set(rows.map(\.source)).count == 2 && !rows.contains { $0.source == mailbox })
        // UIDs that are the messages' numbers are UIDs all the same.
        #expect(plan(folders, listing, rows).wanted.isEmpty)
        // The same mailbox, listed in another order.
        let turned = [folder(0, "Work"), folder(1, "INBOX")]
        let other = [listed(1, in: 0, 1), listed(2, in: 1, 1), listed(3, in: 1, 2)]
        #expect(plan(turned, other, rows).wanted.isEmpty)
    }

    @Test func anotherValidityIsConfirmedByContent() {
        let before = ledger([folder(0, "Work")], [(listed(1, in: 0, 1), 1), (listed(2, in: 0, 2), 2)])
        let folders = [folder(0, "Work", validity: 8)]
        var plan = plan(folders, [listed(1, in: 0, 1), listed(2, in: 0, 2)], before)
        #expect(plan.wanted.count == 2 && plan.missing == 0)
        let verdict = judge(&plan, listed(1, in: 0, 1), content: 2)
        guard case .known(let old, let row) = verdict else { return #expect(Bool(false), "\(verdict)") }
        #expect(old == before[1] && row.source == names(folders).source(of: 0))
        guard case .new = judge(&plan, listed(2, in: 0, 2), content: 3) else {
            return #expect(Bool(false), "the same UID is another message")
        }
    }

    @Test func whatWasMovedToAnotherFolderIsKnownAndACopyIsNew() {
        let folders = [folder(0, "INBOX"), folder(1, "Archive")]
        let rows = ledger(folders, [(listed(1, in: 0, 1), 1), (listed(2, in: 0, 2), 2)])
        let now = [listed(1, in: 0, 2), listed(2, in: 1, 1), listed(3, in: 1, 2)]
        var plan = plan(folders, now, rows)
        #expect(plan.wanted.map(\.number) == [2, 3])
        guard case .known(let old, _) = judge(&plan, now[1], content: 1), old == rows[0] else {
            return #expect(Bool(false), "moved over there")
        }
        guard case .new = judge(&plan, now[2], content: 2) else { return #expect(Bool(false), "copied over there") }
    }

    @Test func mailFromBeforeByPOP3IsKnownByItsContent() {
        let pop3 = ledger([folder(0, "INBOX", validity: 0)], [(listed(1, in: 0, 5), 1)])
        #expect(pop3[0].source == mailbox)
        #expect(pop3[0].uniqueID == hash.uniqueID(UniqueID(octets: Array("5".utf8))))
        var plan = plan([folder(0, "INBOX")], [listed(1, in: 0, 5)], pop3)
        guard case .known(let old, _) = judge(&plan, listed(1, in: 0, 5), content: 1), old == pop3[0] else {
            return #expect(Bool(false), "moved by POP3 before")
        }
    }

    @Test(arguments: [MoveOptions.Order.oldestFirst, .newestFirst])
    func foldersComeOneAfterTheOtherAndViewsLast(order: MoveOptions.Order) {
        let folders = [folder(0, "All", shows: true), folder(1, "INBOX"), folder(2, "Work")]
        let listing = [listed(1, in: 0, 1), listed(2, in: 1, 1), listed(3, in: 1, 2), listed(4, in: 2, 9)]
        let wanted = plan(folders, listing, [], order: order).wanted.map(\.number)
        #expect(wanted == (order == .oldestFirst ? [2, 3, 4, 1] : [3, 2, 4, 1]))
    }

    @Test func ofWhatAFolderShowsOnlyWhatIsNowhereElseIsNew() {
        let folders = [folder(0, "INBOX"), folder(1, "All", shows: true)]
        let listing = [listed(1, in: 0, 1), listed(2, in: 1, 1), listed(3, in: 1, 2, octets: 300)]
        var first = plan(folders, listing, [])
        #expect(first.missing == 2, "what is shown twice is only once on the old server")
        var rows: [LedgerRow] = []
        for (message, content) in zip(listing, [1, 1, 2] as [Int64]) {
            switch judge(&first, message, content: content) {
            case .new(let row):
                #expect(message.number != 2)
                rows.append(row)
            case .shown(let row):
                #expect(message.number == 2 && row.isShown)
                rows.append(row)
            case .known, .filed: #expect(Bool(false), "nothing was known")
            }
        }
        for confirming in [false, true] {
            let second = plan(folders, listing, rows, confirming: confirming)
            #expect(second.wanted.map(\.number) == (confirming ? [1, 3] : []))
        }
        // It has left the inbox over there, and is still shown: it is here.
        #expect(plan(folders, Array(listing[1...]), rows).wanted.isEmpty)
    }

    @Test func whatWasMovedFromAViewIsKnownWhenItIsFiledLater() {
        let folders = [folder(0, "Work"), folder(1, "All", shows: true)]
        let rows = ledger(folders, [(listed(1, in: 1, 1), 1)])
        let now = [listed(1, in: 0, 8), listed(2, in: 1, 1)]
        for confirming in [false, true] {
            var plan = plan(folders, now, rows, confirming: confirming)
            #expect(plan.wanted.map(\.number) == (confirming ? [1, 2] : [1]))
            #expect(confirming || plan.missing == 0)
            switch judge(&plan, now[0], content: 1) {
            case .filed(let old, let row, let shown):
                #expect(!confirming && old == rows[0] && shown == old.shown)
                // From now on, nothing is fetched, and a second message like it is new.
                var next = self.plan(folders, now + [listed(3, in: 0, 9)], [row, shown])
                #expect(next.wanted.map(\.number) == [3])
                guard case .new = judge(&next, listed(3, in: 0, 9), content: 1) else {
                    return #expect(Bool(false), "another message of Work")
                }
            case .known(let old, let row):
                #expect(confirming && old == rows[0] && row.source == names(folders).source(of: 0))
            case let verdict: #expect(Bool(false), "\(verdict)")
            }
        }
    }

    @Test func whatIsShownOfAMessageThatNeverArrivedIsFetched() {
        let folders = [folder(0, "INBOX"), folder(1, "All", shows: true)]
        let listing = [listed(1, in: 0, 1), listed(2, in: 1, 1)]
        let rows = ledger(folders, zip(listing, [1, 1]).map { ($0, $1) })
        // The message of the inbox was lost on its way here, and has left the inbox since.
        var plan = plan(folders, [listing[1]], [rows[1]])
        #expect(plan.wanted == [listing[1]] && plan.missing == 1 && plan.stale == [rows[1]])
        guard case .new = judge(&plan, listing[1], content: 1) else {
            return #expect(Bool(false), "it is nowhere else")
        }
        // What a folder that cannot be listed this time has brought is here.
        let besides = RunPlan(
            listing: [listing[1]], ledger: [rows[1]], besides: [rows[0]], names: names(folders), order: .oldestFirst,
            views: [1], isConfirming: false)
        #expect(besides.wanted.isEmpty && besides.stale.isEmpty)
    }

    @Test func whatIsShownWithoutIDsIsRecordedAnewEachTime() {
        let folders = [folder(0, "INBOX"), folder(1, "All", validity: 0, shows: true)]
        let shown = (2...3).map { ListedMessage(number: $0, octets: 100, uniqueID: nil, folder: 1) }
        let listing = [listed(1, in: 0, 1)] + shown
        var rows = ledger(folders, zip(listing, [1, 1, 1]).map { ($0, $1) })
        #expect(rows.map(\.isShown) == [false, true, true] && Set(rows).count == 3)
        for _ in 0..<2 {
            var plan = plan(folders, listing, rows)
            #expect(plan.wanted == shown && Set(plan.stale) == Set(rows.filter(\.isShown)))
            rows.removeAll(where: plan.stale.contains)
            for message in shown {
                guard case .shown(let row) = judge(&plan, message, content: 1) else {
                    return #expect(Bool(false), "it is the inbox's")
                }
                rows.append(row)
            }
            #expect(Set(rows).count == 3)
        }
    }

    @Test func whatIsShownInAnotherSizeReplacesWhatWas() {
        let folders = [folder(0, "INBOX"), folder(1, "All", shows: true)]
        let rows = ledger(folders, [(listed(1, in: 0, 1), 1), (listed(2, in: 1, 1), 1)])
        let plan = plan(folders, [listed(1, in: 0, 1), listed(2, in: 1, 1, octets: 120)], rows)
        #expect(plan.wanted.map(\.number) == [2] && plan.stale == [rows[1]])
    }

    // MARK: What is remembered of folders

    @Test func foldersAreMadeOnceAndKeepTheirTargets() {
        var inbox = folder(0, "INBOX")
        inbox.target = NewFolder.inbox
        var sent = folder(1, "Gesendet")
        (sent.target, sent.specialUse, sent.isSubscribed) = (["Sent"], .sent, false)
        let all = [inbox, sent]
        let first = SessionFolders(all, names: names(all), known: [], inbox: "INBOX")
        #expect(first.targets == [["INBOX"], ["Sent"]])
        #expect(first.new == [NewFolder(["Sent"], isSubscribed: false)])
        let records = first.records(remaining: [1: 4])
        #expect(records.map(\.path) == [["INBOX"], ["Gesendet"]] && records.map(\.remaining) == [0, 4])
        let underWay = records.map { FolderFigures($0, moved: 3) }
        #expect(underWay.map(\.remaining) == [0, 1])
        // What has been moved is known for good at the end, whatever number the folder gets later.
        let ended = SessionFolders(all, names: names(all), known: underWay, inbox: "INBOX").records(remaining: [:])
        #expect(ended.map(\.path) == [["Gesendet"]] && ended.map(\.remaining) == [0] && ended.map(\.moved) == [3])
        let known = [underWay[0], FolderFigures(ended[0], moved: 3)]
        let second = SessionFolders(all, names: names(all), known: known, inbox: "INBOX")
        #expect(second.new.isEmpty && second.records(remaining: [:]).isEmpty)
        let rules = FolderRules(MoveOptions(), FolderNames(special: [.sent: "S"], unholdable: ["."]), known: known)
        #expect(rules.earlier == ["INBOX": "INBOX", "Gesendet": "Sent"])
        #expect(rules.specialTargets == [.sent: "S"] && rules.unholdable == ["."])
        // Numbered anew, it is the same folder; an administrator may send it elsewhere.
        sent.validity = 9
        let anew = [inbox, sent]
        let third = SessionFolders(anew, names: names(anew), known: known, inbox: "INBOX")
        #expect(third.new.isEmpty && third.sources(of: sent).count == 2)
        sent.target = ["Elsewhere"]
        let mapped = [inbox, sent]
        let fourth = SessionFolders(mapped, names: names(mapped), known: known, inbox: "Old.Mail")
        #expect(fourth.new.map(\.levels) == [["Old", "Mail"], ["Elsewhere"]])
        // By POP3 there is nothing to remember.
        let pop3 = [folder(0, "INBOX", validity: 0)]
        #expect(SessionFolders(pop3, names: names(pop3), known: [], inbox: "INBOX").records(remaining: [:]).isEmpty)
    }

    @Test func whatSaysMoreCountsFirst() {
        var options = MoveOptions()
        options.folders.map = ["*": "Old/*", "Work/*": "W/*", "Work": "Here", "A": "B"]
        let rules = FolderRules(options, FolderNames(), known: [])
        #expect(rules.map.map(\.pattern) == ["Work", "A", "Work/*", "*"])
    }
}
