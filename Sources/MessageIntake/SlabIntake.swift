// SPDX-License-Identifier: Apache-2.0

package import MailStore
import Synchronization
package import Vocabulary

/// The side of a mailbox's writer that a reader feeds, for stores that write on threads of their own.
///
/// 1. What arrives is decoded into a slab, on the thread that brings it; nothing else happens there.
/// 2. A full slab, or a partly filled one at ``flush()``, becomes one job. One job is in flight at a time, while the
///    other slab fills; when that is full too, ``isFull`` asks the reader to pause.
/// 3. The job writes, small messages by the hundred, and the completed ones are yielded in ``staged``.
///
/// After an error everything that still arrives is discarded, so that nobody waits for a writer that has ended.
package final class SlabIntake: MessageSink {
    /// Writes out a slab: appends completed messages, even if a later one fails, and returns the failure.
    package typealias Write = @Sendable (Slab, inout [StagedMessage]) -> MailStoreError?

    package let staged: AsyncThrowingStream<[StagedMessage], any Error>
    private let continuation: AsyncThrowingStream<[StagedMessage], any Error>.Continuation
    private let submit: @Sendable (_ job: @escaping @Sendable () -> Void) -> Void
    private let header: @Sendable (ListedMessage) -> [UInt8]
    private let writeOut: Write
    private let ended: @Sendable () -> Void
    private let intake = Mutex(Intake())

    private struct Intake {
        var filling = Slab()
        /// nil while its job is in flight.
        var spare: Slab? = Slab()
        var isFlushWanted = false
        /// The message that has been announced, and of which nothing has arrived yet.
        var announced: ListedMessage?
        /// Whether part of the current message is in the slabs.
        var isInMessage = false
        var isFinished = false
        var hasFailed = false
        var waiting: [@Sendable () -> Void] = []

        var isFull: Bool { spare == nil && filling.isFull }
        var takesMore: Bool { !isFinished && !hasFailed }

        /// The slab to be written now, if one is due and no job is in flight.
        mutating func due() -> Slab? {
            guard let next = spare else { return nil }
            guard filling.isFull || isFlushWanted || isFinished else { return nil }
            isFlushWanted = false
            guard !filling.isEmpty else { return nil }
            let slab = filling
            filling = next
            spare = nil
            return slab
        }

        /// Puts the announced message, which turned out to be empty, into the slab.
        mutating func enter(header: [UInt8]) {
            guard let message = announced else { return }
            announced = nil
            isInMessage = true
            filling.mark(.begin(message, added: header.count))
            if !header.isEmpty { header.withUnsafeBytes { filling.append($0) } }
        }

        /// Forgets the current message.
        mutating func abandon() {
            announced = nil
            if isInMessage { filling.mark(.abandon) }
            isInMessage = false
        }

        mutating func takeWaiting() -> [@Sendable () -> Void] {
            guard !isFull, !waiting.isEmpty else { return [] }
            defer { waiting = [] }
            return waiting
        }
    }

    /// - Parameters:
    ///   - submit: does a job on a thread that may block.
    ///   - header: what the store puts above a message, lines ended by LF.
    ///   - ended: called when nobody uses it any more; no job is in flight then.
    package init(
        submit: @escaping @Sendable (_ job: @escaping @Sendable () -> Void) -> Void,
        header: @escaping @Sendable (ListedMessage) -> [UInt8], ended: @escaping @Sendable () -> Void = {},
        write: @escaping Write
    ) {
        self.submit = submit
        self.header = header
        self.ended = ended
        writeOut = write
        (staged, continuation) = AsyncThrowingStream.makeStream()
    }

    deinit {
        continuation.finish()
        // No job can be in flight, because each holds the intake.
        ended()
    }

    // MARK: MessageSink

    package func begin(_ message: ListedMessage) {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            intake.abandon()
            intake.announced = message
        }
    }

    package func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        intake.withLock { intake in
            guard intake.takesMore, intake.isInMessage || intake.announced != nil else {
                return intake.filling.drop(upTo: count, fill)
            }
            if let message = intake.announced {
                let hasBegun = intake.filling.begin(message, header: header(message), upTo: count, fill)
                guard hasBegun else { return }
                intake.announced = nil
                intake.isInMessage = true
            } else {
                intake.filling.append(upTo: count, fill)
            }
            startDue(&intake)
        }
    }

    package func end() {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            if let message = intake.announced { intake.enter(header: header(message)) }
            guard intake.isInMessage else { return }
            intake.isInMessage = false
            intake.filling.mark(.end)
            startDue(&intake)
        }
    }

    package func abandon() {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            intake.abandon()
            startDue(&intake)
        }
    }

    package func flush() {
        intake.withLock { intake in
            guard intake.takesMore else { return }
            // If a job is in flight, the slab is written when that is done.
            intake.isFlushWanted = true
            startDue(&intake)
        }
    }

    package var isFull: Bool { intake.withLock { $0.isFull } }

    /// If the writer is no longer full, `resume` is called before this returns.
    package func whenReady(_ resume: @escaping @Sendable () -> Void) {
        let isFull = intake.withLock { intake in
            if intake.isFull { intake.waiting.append(resume) }
            return intake.isFull
        }
        if !isFull { resume() }
    }

    /// No more messages follow: writes out the rest and ends ``staged``.
    package func finish() {
        let hasEnded = intake.withLock { intake in
            guard intake.takesMore else { return false }
            intake.abandon()
            intake.isFinished = true
            startDue(&intake)
            return intake.spare != nil
        }
        if hasEnded { continuation.finish() }
    }

    // MARK: Jobs

    private func startDue(_ intake: inout Intake) {
        guard let slab = intake.due() else { return }
        submit { self.write(slab) }
    }

    private func write(_ slab: Slab) {
        var messages: [StagedMessage] = []
        let failure = writeOut(slab, &messages)
        slab.clear()
        if !messages.isEmpty { continuation.yield(messages) }
        let (hasEnded, waiting) = intake.withLock { intake in
            intake.spare = slab
            if failure != nil {
                intake.hasFailed = true
                intake.filling.clear()
            } else {
                startDue(&intake)
            }
            return (intake.spare != nil && (intake.isFinished || intake.hasFailed), intake.takeWaiting())
        }
        if hasEnded { continuation.finish(throwing: failure) }
        for resume in waiting { resume() }
    }
}

extension DeliveryOptions {
    /// The header field with which Dovecot continues to use the old server's UIDL (`pop3_reuse_xuidl`, which takes the
    /// first of several); none for a UIDL that RFC 1939 §7 does not allow, or that makes the line longer than RFC 5322
    /// §2.1.1 allows.
    package func header(above message: ListedMessage) -> [UInt8] {
        guard let octets = uidl(of: message)?.octets, (1...900).contains(octets.count),
            octets.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return [] }
        return Array("X-UIDL: ".utf8) + octets + [10]
    }
}
