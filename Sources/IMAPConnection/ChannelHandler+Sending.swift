// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
package import NIOCore

/// Where the octets of messages that are appended come from.
package protocol MessageOctets: Sendable {
    /// How many messages there are.
    var count: Int { get }
    /// Whether they still may be sent; asked before each piece, and once more before the last octets of all.
    var mayBeSent: Bool { get }

    /// Reads octets of the message with this index among those of an APPEND.
    /// - Parameter give: called once, from any thread, perhaps before this returns: exactly `count` octets, or why not.
    func read(
        _ message: Int, from offset: Int, count: Int,
        _ give: @escaping @Sendable (Result<ByteBuffer, any Error>) -> Void)
}

/// A message on its way to the server.
struct Sending {
    var message: Int
    var offset = 0
    var count: Int
}

/// What a connection sends: commands, and the octets of messages as fast as the server takes them.
extension ChannelHandler {
    /// Read and written at once. Memory of a connection is bounded by it, whatever the size of a message.
    private static let piece = 256 << 10

    func append(_ command: Command, from octets: any MessageOctets, _ promise: EventLoopPromise<Answer>) {
        guard let context = ready(promise) else { return }
        do throws(IMAPError) {
            _ = try machine.begin(command)
        } catch {
            return refuse(error, promise)
        }
        self.octets = octets
        begin(.appending(promise), context)
    }

    func read(
        _ command: Command, events: @escaping @Sendable (ProtocolMachine.Event) -> Void,
        _ promise: EventLoopPromise<[Answer]>
    ) {
        guard let context = ready(promise) else { return }
        let id: CommandID
        do throws(IMAPError) {
            id = try machine.begin(command)
        } catch {
            return refuse(error, promise)
        }
        begin(.commands(Batch(ids: [id], hear: { _, _ in }, events: events, promise: promise)), context)
    }

    func send() {
        guard failure == nil, let context else { return }
        var hasWritten = false
        // A message that is being sent goes on by itself.
        while sending == nil, let output = machine.nextOutput() {
            switch output {
            case .octets(let octets, let isSecret):
                let written = context.write(wrapOutboundOut(octets))
                if isSecret { written.whenComplete { _ in octets.wipe() } }
                hasWritten = true
            case .message(_, let index, let count):
                sending = Sending(message: index, count: count)
                readPiece(withinSend: true)
            }
        }
        if hasWritten || sending == nil { context.flush() }
    }

    /// Says good-bye, and drops the line a second later at most.
    func leave() {
        let left = WireFailure(code: .cancelled, message: "was left: the session was closed here")
        guard failure == nil, let context, case .none = work else { return fail(left) }
        do throws(IMAPError) {
            _ = try machine.begin(.logout)
        } catch {
            return fail(left)
        }
        send()
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .seconds(1)) { bound.value.fail(left) }
    }

    /// - Parameter withinSend: whether ``send()`` goes on by itself where the octets are at hand.
    private func readPiece(withinSend: Bool) {
        guard failure == nil, let context, let sending else { return }
        guard let octets, octets.mayBeSent else { return fail(Self.stopped) }
        let (loop, bound) = (context.eventLoop, NIOLoopBound(self, eventLoop: context.eventLoop))
        let count = min(Self.piece, sending.count - sending.offset)
        octets.read(sending.message, from: sending.offset, count: count) { piece in
            if loop.inEventLoop {
                bound.value.write(piece, isLate: !withinSend)
            } else {
                loop.execute { bound.value.write(piece, isLate: true) }
            }
        }
    }

    /// - Parameter isLate: whether ``send()`` has gone meanwhile, and is to go on.
    private func write(_ piece: Result<ByteBuffer, any Error>, isLate: Bool) {
        guard failure == nil, let context, var sending else { return }
        guard case .success(let octets) = piece, octets.readableBytes > 0,
            octets.readableBytes <= sending.count - sending.offset
        else {
            return fail(
                WireFailure(code: .cancelled, message: "was left: a message that was staged here cannot be read"))
        }
        sending.offset += octets.readableBytes
        if sending.offset < sending.count {
            self.sending = sending
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(octets)).whenSuccess {
                bound.value.wasTaken()
                bound.value.readPiece(withinSend: false)
            }
        } else if let all = self.octets, all.count > sending.message + 1 {
            self.sending = nil
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.write(wrapOutboundOut(octets)).whenSuccess { bound.value.wasTaken() }
            if isLate { send() }
        } else {
            // What makes the APPEND whole is not sent before the system has taken everything else: this process may be
            // stopped in between, for however long.
            self.sending = sending
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(octets)).whenSuccess { bound.value.complete() }
        }
    }

    private func complete() {
        guard failure == nil, let octets, octets.mayBeSent else { return fail(Self.stopped) }
        wasTaken()
        sending = nil
        send()
    }

    private static let stopped = WireFailure(
        code: .cancelled, message: "was left: the messages may not be sent any more")

    /// The server takes what it is sent: it may take as long again for the rest, and for its answer.
    private func wasTaken() {
        if failure == nil, case .appending = work { expectProgress(within: clock.readTimeout) }
    }
}
