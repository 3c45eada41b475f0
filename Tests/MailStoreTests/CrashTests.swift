// SPDX-License-Identifier: Apache-2.0

import MailStore
import Support
import Testing
import Vocabulary

/// How every `MailStore` ends what a crash has interrupted, and what it says when it cannot go on.
@Suite(.timeLimit(.minutes(5))) struct CrashTests {
    /// As odd as a mail server keeps them: without NUL, and with CRs of line ends alone, which go over the wire.
    private let messages = oddMessages(12, seed: 6).map { octets in
        octets.isEmpty ? [10] : octets.map { $0 == 0 || $0 == 13 ? 0x80 : $0 }
    }

    private func with(_ kind: StoreKind, _ body: (NewMailbox) async throws -> Void) async throws {
        let mailbox = try await NewMailbox.make(kind)
        defer { mailbox.stop() }
        try await body(mailbox)
    }

    /// What a start after a crash does with an intent.
    private func recover(_ batch: StagedBatch, _ mailbox: NewMailbox, isRecent: Bool) async throws -> [MessageFate] {
        let store = try mailbox.restarted()
        let read = try #require(store.batch(encoded: batch.encoded))
        let recovered = try await store.recover(read, of: mailbox.account, isRecent: isRecent)
        #expect(recovered.batch.count == batch.count)
        #expect(await store.sync([recovered.batch]).isEmpty)
        return recovered.fates
    }

    @Test(arguments: StoreKind.allCases, [true, false])
    func whatWasNotVisibleYetIsNow(kind: StoreKind, isRecent: Bool) async throws {
        try await with(kind) { mailbox in
            let batch = try await mailbox.store.prepare(try await mailbox.stage(messages).batch)
            for _ in 0..<3 {
                // What has not outlived the crash is fetched again.
                let fate = kind.keepsStaged ? MessageFate.delivered : .notDelivered
                #expect(try await recover(batch, mailbox, isRecent: isRecent) == messages.map { _ in fate })
                #expect(try mailbox.inbox() == (kind.keepsStaged ? messages : []))
            }
        }
    }

    @Test(arguments: StoreKind.allCases, [true, false])
    func whatWasVisibleInPartIsVisibleWholeAndOnce(kind: StoreKind, isRecent: Bool) async throws {
        try await with(kind) { mailbox in
            let writer = try await mailbox.writer()
            for (index, octets) in messages.enumerated() {
                await writer.bring(NewMailbox.listed(index + 1), octets)
            }
            writer.finish()
            let staged = try await writer.all()
            let batch = try await mailbox.store.prepare(writer.batch(of: staged))
            try await mailbox.store.publish(writer.batch(of: Array(staged[..<5])))
            let rest = kind.keepsStaged ? MessageFate.delivered : .notDelivered
            let fates = messages.indices.map { $0 < 5 ? .delivered : rest }
            #expect(try await recover(batch, mailbox, isRecent: isRecent) == fates)
            #expect(try mailbox.inbox() == (kind.keepsStaged ? messages : Array(messages[..<5])))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatItsUserHasDoneWithItSinceIsTheUsersBusiness(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let batch = try await mailbox.store.prepare(try await mailbox.stage(messages).batch)
            try await mailbox.store.publish(batch)
            try mailbox.delete()
            // Without names nobody can tell, and it may come again, as an event says.
            let first = kind.names ? MessageFate.delivered : .notFound
            let fates = messages.indices.map { $0 == 0 ? first : .delivered }
            #expect(try await recover(batch, mailbox, isRecent: true) == fates)
            #expect(try mailbox.inbox().count == messages.count - 1)
        }
    }

    /// After a day what is staged may have been cleaned up as well.
    @Test(arguments: StoreKind.allCases)
    func whatIsNowhereLongAfterwardsIsNotGuessed(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let batch = try await mailbox.store.prepare(try await mailbox.stage(messages).batch)
            try await mailbox.store.publish(batch)
            try mailbox.rename()
            try mailbox.delete()
            let fates = try await recover(batch, mailbox, isRecent: false)
            #expect(fates.count { $0 == (kind.names ? .unknown : .notFound) } == 2)
            #expect(fates.count { $0 == .delivered } == messages.count - 2)
        }
    }

    @Test(arguments: StoreKind.allCases.filter(\.names))
    func aMailboxThatIsMissingTellsNothing(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            try mailbox.replace()
            let store = try mailbox.restarted()
            let error = await #expect(throws: MailStoreError.self) {
                _ = try await store.recover(batch, of: mailbox.account, isRecent: true)
            }
            #expect(error?.code == .misplaced)
            #expect(await store.sync([batch])[0]?.code == .misplaced)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aMessageThatIsTakenAwayBeforeItIsVisibleIsMissed(kind: StoreKind) async throws {
        try await with(kind) { mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            try mailbox.takeAway()
            let wereStaged = try await mailbox.store.publish(batch).wereStaged
            #expect(wereStaged.count { !$0 } == 1)
            #expect(try mailbox.inbox().count == messages.count - 1)
            let error = mailbox.store.takenAway(1, from: batch)
            #expect(error.code == .misplaced && error.detail.contains("1 messages"))
        }
    }

    // MARK: Faults that only memory has at will

    private func withMemory(_ body: (MemoryStore, NewMailbox) async throws -> Void) async throws {
        let store = try MemoryStore(key: NewMailbox.key)
        try await body(store, try NewMailbox.memory(store))
    }

    @Test func aStoreThatIsFullAtStagingKeepsWhatWasWhole() async throws {
        try await withMemory { store, mailbox in
            store.state.withLock { $0.faults = [.fullAtStaging(after: 4)] }
            let writer = try await mailbox.writer()
            for (index, octets) in messages.enumerated() {
                await writer.bring(NewMailbox.listed(index + 1), octets)
            }
            writer.finish()
            var staged: [StagedMessage] = []
            let error = await #expect(throws: MailStoreError.self) {
                for try await messages in writer.staged { staged += messages }
            }
            #expect(error?.code == .full)
            try await store.publish(writer.batch(of: staged))
            #expect(try mailbox.inbox() == Array(messages[..<4]))
        }
    }

    @Test(arguments: [MemoryStore.Fault.fullAtSync, .fullAtPublishing, .publishLost])
    func whatFailsOnceIsDoneOnce(fault: MemoryStore.Fault) async throws {
        try await withMemory { store, mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            store.state.withLock { $0.faults = [fault] }
            let errors = await store.sync([batch])
            #expect((errors[0]?.code == .full) == (fault == .fullAtSync))
            _ = try? await store.publish(batch)
            #expect(try await recover(batch, mailbox, isRecent: true) == messages.map { _ in .delivered })
            #expect(try mailbox.inbox() == messages)
        }
    }

    @Test func whatIsSyncedOutlivesAPowerCutAndNothingElse() async throws {
        try await withMemory { store, mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            #expect(await store.sync([batch]).isEmpty)
            try await store.publish(batch)
            store.cutPower()
            #expect(try mailbox.inbox() == [])
            #expect(try await recover(batch, mailbox, isRecent: true) == messages.map { _ in .delivered })
            store.cutPower()
            #expect(try mailbox.inbox() == messages)
        }
    }

    @Test func aStoreThatDoesNotAnswerIsSaidToBe() async throws {
        try await withMemory { store, mailbox in
            let (batch, _) = try await mailbox.stage(messages)
            store.state.withLock { $0.faults = [.unresponsive] }
            #expect(await store.sync([batch])[0]?.code == .unresponsive)
            let actions: [@Sendable () async throws -> Void] = [
                { try await store.publish(batch) }, { try await store.check() },
                { _ = try await store.recover(batch, of: mailbox.account, isRecent: true) },
                { _ = try await mailbox.writer() }, { _ = try await store.markers(of: mailbox.account) },
            ]
            for action in actions {
                let error = await #expect(throws: MailStoreError.self) { try await action() }
                #expect(error?.code == .unresponsive)
            }
        }
    }
}
