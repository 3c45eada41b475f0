// SPDX-License-Identifier: Apache-2.0

import MailStore
import MessageContent
import Synchronization
import Vocabulary

/// Takes messages whole, one after the other.
final class MemoryStoreWriter: MailboxWriter {
    private struct Intake {
        var message: ListedMessage?
        var octets: [UInt8] = []
        var count = 0
        var hasEnded = false
    }

    let staged: AsyncThrowingStream<[StagedMessage], any Error>
    private let continuation: AsyncThrowingStream<[StagedMessage], any Error>.Continuation
    private let store: MemoryStore
    private let account: EmailAddress
    private let options: DeliveryOptions
    private let run: StagedRun
    private let intake = Mutex(Intake())

    init(_ store: MemoryStore, account: EmailAddress, options: DeliveryOptions, run: StagedRun) {
        (staged, continuation) = AsyncThrowingStream.makeStream()
        self.store = store
        self.account = account
        self.options = options
        self.run = run
    }

    deinit { continuation.finish() }

    func begin(_ message: ListedMessage) {
        intake.withLock { ($0.message, $0.octets) = (message, []) }
    }

    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        let octets = [UInt8](unsafeUninitializedCapacity: max(count, 1024)) { room, count in
            count = fill(UnsafeMutableRawBufferPointer(room))
        }
        intake.withLock { if $0.message != nil { $0.octets += octets } }
    }

    func end() {
        let (message, octets, number) = intake.withLock { intake in
            defer { intake.message = nil }
            if intake.message != nil { intake.count += 1 }
            return (intake.hasEnded ? nil : intake.message, intake.octets, intake.count)
        }
        guard let message else { return }
        if store.state.withLock({ $0.goesWrong(.fullAtStaging(after: number - 1)) }) {
            intake.withLock { $0.hasEnded = true }
            return continuation.finish(throwing: MailStoreError(code: .full, detail: "memory is full; make room"))
        }
        var scan = MessageScan(key: store.contentKey)
        scan.reset()
        octets.withUnsafeBytes { scan.append($0) }
        let content = scan.finish().content
        let handle = "\(run.mark).\(number)"
        let flags = options.flags(of: message)
        let kept = MemoryStore.Message(
            handle: handle, octets: octets, folder: folder(of: message), listed: message, flags: flags,
            uidl: options.uidl(of: message).map { String(decoding: $0.octets, as: UTF8.self) }, content: content)
        store.state.withLock { $0.mail.mailboxes[account]?.staged[handle] = kept }
        continuation.yield([StagedMessage(message: message, handle: handle, octets: octets.count, content: content)])
    }

    func flush() {}

    func abandon() { intake.withLock { $0.message = nil } }

    var isFull: Bool { false }

    func whenReady(_ resume: @escaping @Sendable () -> Void) { resume() }

    func finish() { continuation.finish() }

    func discard(_ messages: [StagedMessage]) async throws(MailStoreError) {
        try store.answer()
        store.state.withLock { state in
            for message in messages { state.mail.mailboxes[account]?.staged[message.handle] = nil }
        }
    }

    func takeKeywords(of messages: [StagedMessage]) async throws(MailStoreError) {
        store.state.withLock { state in
            for message in messages {
                state.mail.mailboxes[account]?.staged[message.handle]?.keywords = message.keywords
            }
        }
    }

    func batch(of messages: [StagedMessage]) -> StagedBatch {
        var run = run
        run.last = messages.compactMap { Int64($0.handle.split(separator: ".").last ?? "") }.max() ?? 0
        let place = messages.first.map { folder(of: $0.message) } ?? options.target(of: 0).joined(separator: "/")
        return StagedBatch(
            encoded: store.encode(account, place, messages.map(\.handle)), lane: store.lane(of: account),
            count: messages.count, run: run)
    }

    private func folder(of message: ListedMessage) -> String {
        options.target(of: message.folder).joined(separator: "/")
    }
}
