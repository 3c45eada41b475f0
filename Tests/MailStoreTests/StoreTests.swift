// SPDX-License-Identifier: Apache-2.0

import MailStore
import MessageContent
import Support
import Testing
import Vocabulary

/// What every `MailStore` promises.
@Suite(.timeLimit(.minutes(5))) struct StoreTests {
    /// As odd as a mail server keeps them: without NUL, and with CRs of line ends alone, which go over the wire.
    private let messages = oddMessages(12, seed: 5).map { octets in
        octets.isEmpty ? [10] : octets.map { $0 == 0 || $0 == 13 ? 0x80 : $0 }
    }

    private func with(_ kind: StoreKind, _ body: (NewMailbox) async throws -> Void) async throws {
        let mailbox = try await NewMailbox.make(kind)
        defer { mailbox.stop() }
        try await body(mailbox)
    }

    // MARK: Staging and publishing

    @Test(arguments: StoreKind.allCases)
    func nobodySeesWhatIsStaged(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let (batch, staged) = try await mailbox.stage(messages)
            #expect(batch.count == messages.count)
            #expect(staged.map(\.message.number) == Array(1...messages.count))
            #expect(staged.map(\.octets) == messages.map(\.count))
            #expect(Set(staged.map(\.handle)).count == messages.count)
            #expect(try mailbox.inbox() == [])
            #expect(await mailbox.store.sync([batch]).isEmpty)
            #expect(try mailbox.inbox() == [])
            #expect(try await mailbox.store.contents(of: mailbox.account, .ours)?.count == 0)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aBatchBecomesVisibleInItsOrderAsItCameAndOnce(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            #expect(await mailbox.store.sync([batch]).isEmpty)
            #expect(try await mailbox.store.publish(batch).wereStaged == messages.map { _ in true })
            #expect(try mailbox.inbox() == messages)
            #expect(try await mailbox.store.publish(batch).wereStaged == messages.map { _ in false })
            #expect(await mailbox.store.sync([batch]).isEmpty)
            #expect(try mailbox.inbox() == messages)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aBatchOutlivesTheStoreInItsOctets(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            let store = try mailbox.restarted()
            let read = try #require(store.batch(encoded: batch.encoded))
            #expect(read.lane == batch.lane && read.count == batch.count && read.encoded == batch.encoded)
            #expect(read.run == nil)
            // What is staged may be gone with the process; the octets are read nevertheless.
            #expect(try await store.publish(read).wereStaged == messages.map { _ in kind.keepsStaged })
            #expect(try mailbox.inbox() == (kind.keepsStaged ? messages : []))
            #expect(store.batch(encoded: Array("nonsense".utf8)) == nil)
            #expect(store.batch(encoded: []) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func batchesOfOnePlaceAreJoinedInOrder(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let options = DeliveryOptions(preserveUIDL: false, folders: [["INBOX"], ["Old"]])
            let writer = try await mailbox.writer(options)
            for (index, octets) in messages.enumerated() {
                await writer.bring(NewMailbox.listed(index + 1, folder: index < 9 ? 0 : 1), octets)
            }
            writer.finish()
            let staged = try await writer.all()
            var batch = writer.batch(of: Array(staged[..<3]))
            #expect(mailbox.store.join(writer.batch(of: Array(staged[3..<9])), to: &batch))
            #expect(batch.count == 9)
            if kind.names { #expect(batch.run?.last == 9) }
            let other = writer.batch(of: Array(staged[9...]))
            let before = batch
            #expect(!mailbox.store.join(other, to: &batch))
            #expect(batch == before)
            #expect(await mailbox.store.sync([batch, other]).isEmpty)
            #expect(try await mailbox.store.publish(batch).outcomes.count == 9)
            #expect(try await mailbox.store.publish(other).outcomes.count == 3)
            #expect(try mailbox.inbox() == Array(messages[..<9]))
            #expect(try mailbox.seen("Old").map(\.octets) == Array(messages[9...]))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func flagsArriveAndSeenWhereThatIsAskedFor(kind: StoreKind) async throws {
        let flags: [MessageFlags] = [[], .seen, [.answered, .flagged], [.seen, .draft]]
        for markSeen in MoveOptions.MarkSeen.allCases {
            try await with(kind) { mailbox in
                let writer = try await mailbox.writer(DeliveryOptions(preserveUIDL: false, markSeen: markSeen))
                for (index, flags) in flags.enumerated() {
                    await writer.bring(NewMailbox.listed(index + 1, flags: flags), messages[index])
                }
                writer.finish()
                try await mailbox.store.publish(writer.batch(of: try await writer.all()))
                let seen = try mailbox.seen("INBOX")
                #expect(seen.map(\.octets) == Array(messages[..<4]))
                #expect(seen.map(\.flags) == flags.map { markSeen == .all ? $0.union(.seen) : $0 })
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatIsAbandonedNeverWas(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let writer = try await mailbox.writer()
            writer.begin(NewMailbox.listed(1))
            Array("half".utf8).withUnsafeBytes { writer.append($0) }
            writer.abandon()
            await writer.bring(NewMailbox.listed(2), messages[0], pieces: 1)
            writer.begin(NewMailbox.listed(3))
            writer.finish()
            let staged = try await writer.all()
            #expect(staged.map(\.message.number) == [2])
            try await mailbox.store.publish(writer.batch(of: staged))
            #expect(try mailbox.inbox() == [messages[0]])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatIsDiscardedIsGone(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let writer = try await mailbox.writer()
            for index in 0..<4 { await writer.bring(NewMailbox.listed(index + 1), messages[index]) }
            writer.finish()
            let staged = try await writer.all()
            try await writer.discard(Array(staged[..<3]))
            try await writer.discard(Array(staged[..<3]))
            #expect(try await mailbox.store.contents(of: mailbox.account, .ours)?.leftovers == 1)
            #expect(
                try await mailbox.store.publish(writer.batch(of: staged)).wereStaged == [false, false, false, true])
            #expect(try mailbox.inbox() == [messages[3]])
        }
    }

    @Test(arguments: StoreKind.allCases.filter(\.keepsStaged))
    func whatEarlierRunsLeftIsSweptAndWhatIsIntendedIsNot(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let intended = try await mailbox.stage(messages).batch
            for opens in [false, true] {
                _ = try await mailbox.stage([messages[0]], intended: [intended])
                let contents = try await mailbox.store.contents(of: mailbox.account, .ours, intended: [intended])
                #expect(contents?.leftovers == 1)
                if opens {
                    _ = try await mailbox.writer(intended: [intended], in: try mailbox.restarted())
                } else {
                    try await mailbox.store.sweep(mailbox.account, options: NewMailbox.plain, intended: [intended])
                }
                let swept = try await mailbox.store.contents(of: mailbox.account, .ours, intended: [intended])
                #expect(swept?.leftovers == 0)
                #expect(try await mailbox.store.contents(of: mailbox.account, .ours)?.leftovers == messages.count)
            }
            #expect(try await mailbox.store.publish(intended).wereStaged == messages.map { _ in true })
        }
    }

    @Test(arguments: StoreKind.allCases)
    func sweepingMakesNothing(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            try await mailbox.store.sweep(mailbox.account, options: NewMailbox.plain, intended: [])
            if kind.names { #expect(try await mailbox.store.contents(of: mailbox.account, .ours) == nil) }
            #expect(try await mailbox.store.markers(of: mailbox.account)[.mailbox] == nil)
        }
    }

    // MARK: Contents

    /// A message is known by its content wherever it is: the ledger knows no store.
    @Test(arguments: StoreKind.allCases)
    func contentsAreTheSameWhileStagedAndThereAndInEveryStore(kind: StoreKind) async throws {
        var scan = MessageScan(key: try ContentKey(NewMailbox.key, form: .poly1305))
        let hashes = messages.map { octets in
            scan.reset()
            octets.withUnsafeBytes { scan.append($0) }
            return scan.finish().content
        }
        let counts = hashes.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        try await with(kind) { mailbox in
            if kind.names { #expect(try await mailbox.store.contents(of: mailbox.account, .ours) == nil) }
            let (batch, staged) = try await mailbox.stage(messages)
            #expect(staged.map(\.content) == hashes)
            try await mailbox.store.publish(batch)
            // Without names nobody can tell whose a message is.
            let (all, none): (MessageOrigin, MessageOrigin) = kind.names ? (.ours, .others) : (.others, .ours)
            let contents = try #require(try await mailbox.store.contents(of: mailbox.account, all))
            #expect(contents.messages == counts)
            #expect(contents.leftovers == 0 && contents.unreadable.isEmpty)
            #expect(try await mailbox.store.contents(of: mailbox.account, none)?.count == 0)
            try mailbox.rename()
            let ours = try #require(try await mailbox.store.contents(of: mailbox.account, .ours))
            let others = try #require(try await mailbox.store.contents(of: mailbox.account, .others))
            #expect(ours.count == (kind.names ? messages.count - 1 : 0))
            #expect(others.messages == (kind.names ? [hashes[0]: 1] : counts))
        }
    }

    @Test(arguments: StoreKind.allCases.filter(\.names))
    func theRunsThatHaveBroughtMailAreKnown(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let first = try await mailbox.stage([messages[0], messages[1]]).batch
            #expect(try await mailbox.store.runs(of: mailbox.account) == [:])
            try await mailbox.store.publish(first)
            let second = try await mailbox.stage([messages[2]]).batch
            try await mailbox.store.publish(second)
            let runs = try #require(first.run.flatMap { first in second.run.map { (first, $0) } })
            #expect(runs.0.mark != runs.1.mark)
            #expect(try await mailbox.restarted().runs(of: mailbox.account) == [runs.0.mark: 2, runs.1.mark: 1])
        }
    }

    // MARK: Markers

    @Test(arguments: StoreKind.allCases.filter(\.names))
    func aPlaceKeepsItsMarker(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            #expect(try await mailbox.store.markers(of: mailbox.account) == [:])
            let base = try #require(try await mailbox.store.markBase())
            let (batch, _) = try await mailbox.stage(messages)
            let markers = try #require(batch.run?.markers)
            #expect(Set(markers.keys) == [.base, .mailbox] && markers[.base] == base)
            let store = try mailbox.restarted()
            #expect(try await store.markers(of: mailbox.account) == markers)
            #expect(try await store.adopt(mailbox.account) == markers)
            #expect(try await store.markBase() == base)
            _ = try await store.open(
                mailbox.account, options: NewMailbox.plain, intended: [batch], expecting: markers)
            try await store.check(expecting: base)
            let error = await #expect(throws: MailStoreError.self) { try await store.check(expecting: .random()) }
            #expect(error?.code == .unmarked)
        }
    }

    @Test(arguments: StoreKind.allCases.filter(\.names))
    func nothingIsMadeWhereAnotherMailboxIsExpected(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            let markers = try #require(batch.run?.markers)
            try mailbox.replace()
            let error = await #expect(throws: MailStoreError.self) {
                _ = try await mailbox.store.open(
                    mailbox.account, options: NewMailbox.plain, intended: [], expecting: markers)
            }
            #expect(error?.code == .unmarked)
            #expect(error?.detail.isEmpty == false)
            #expect(try await mailbox.store.contents(of: mailbox.account, .ours) == nil)
            let adopted = try await mailbox.store.adopt(mailbox.account)
            #expect(adopted[.mailbox] != markers[.mailbox])
            _ = try await mailbox.store.open(
                mailbox.account, options: NewMailbox.plain, intended: [], expecting: adopted)
        }
    }
}
