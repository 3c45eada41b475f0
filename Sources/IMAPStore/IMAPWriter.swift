// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailStore
import MessageIntake
import Synchronization
import Vocabulary

/// Takes the messages of one run into the spool: a ``SlabIntake`` takes what arrives, and its jobs write files.
final class IMAPWriter: MailboxWriter {
    private let store: IMAPStore
    private let account: EmailAddress
    private let options: DeliveryOptions
    private let intake: SlabIntake
    private let hasLeft = Mutex(false)

    private final class Staging: Sendable {
        let staging: Mutex<WireStaging>

        init(_ staging: sending WireStaging) { self.staging = Mutex(staging) }
    }

    init(_ store: IMAPStore, _ account: EmailAddress, _ options: DeliveryOptions, staging: sending WireStaging) {
        (self.store, self.account, self.options) = (store, account, options)
        let (pool, staged, files) = (store.pool, store.staged, Staging(staging))
        intake = SlabIntake(
            submit: { pool.submit($0) }, header: { options.header(above: $0) },
            write: { slab, messages in
                var written: [(message: StagedMessage, spooled: SpooledMessage)] = []
                var failure: MailStoreError?
                files.staging.withLock { staging in
                    do throws(MailStoreError) {
                        try staging.write(slab, into: &written)
                    } catch {
                        failure = error
                    }
                }
                staged.add(written.map { ($0.message.handle, $0.spooled) }, of: account)
                messages += written.map(\.message)
                return failure
            })
    }

    // What is staged may still be published; the next run removes it.
    deinit { if !hasLeft.withLock({ $0 }) { store.connections.release(account) } }

    // MARK: MessageSink

    func begin(_ message: ListedMessage) { intake.begin(message) }

    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) { intake.append(upTo: count, fill) }

    func end() { intake.end() }

    func abandon() { intake.abandon() }

    func flush() { intake.flush() }

    var isFull: Bool { intake.isFull }

    func whenReady(_ resume: @escaping @Sendable () -> Void) { intake.whenReady(resume) }

    // MARK: MailboxWriter

    var staged: AsyncThrowingStream<[StagedMessage], any Error> { intake.staged }

    func finish() { intake.finish() }

    func discard(_ messages: [StagedMessage]) async throws(MailStoreError) {
        store.staged.remove(messages.map(\.handle), of: account)
    }

    func batch(of messages: [StagedMessage]) -> StagedBatch {
        var batch = IMAPBatch(
            account: account, folder: options.target(of: messages.first?.message.folder ?? 0), messages: [])
        for message in messages {
            let keywords = options.flags == .keep ? message.keywords.map { Flag($0) }.filter(\.isSendable) : []
            store.staged.mark(
                message.handle, of: account, flags: Self.flags(options.flags(of: message.message)), keywords: keywords)
            let octets = store.staged.messages([message.handle], of: account)[0]?.spooled.octets
            batch.messages.append(
                .init(handle: message.handle, content: message.content, octets: octets ?? message.octets))
        }
        return batch.staged
    }

    func leave() async {
        let isFirst = hasLeft.withLock { left in
            defer { left = true }
            return !left
        }
        guard isFirst else { return }
        store.staged.sweep(account, keeping: [])
        store.connections.release(account)
    }

    private static func flags(_ flags: MessageFlags) -> [Flag] {
        let all: [(MessageFlags, Flag)] = [
            (.seen, .seen), (.answered, .answered), (.flagged, .flagged), (.draft, .draft), (.deleted, .deleted),
        ]
        return all.filter { flags.contains($0.0) }.map(\.1)
    }
}
