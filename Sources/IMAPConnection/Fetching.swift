// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailConnection
import MailSession
import NIOCore
import Vocabulary

/// Messages on their way into a sink.
final class Fetching {
    var retrieval: FolderRetrieval
    let sink: any MessageSink
    let promise: EventLoopPromise<FolderRetrieval.End>
    private let onFailure: @Sendable (ListedMessage, Retrieval.Absence) -> Void
    private var decoder = LineEndDecoder()

    init(
        retrieval: FolderRetrieval, sink: any MessageSink,
        onFailure: @escaping @Sendable (ListedMessage, Retrieval.Absence) -> Void,
        promise: EventLoopPromise<FolderRetrieval.End>
    ) {
        (self.retrieval, self.sink, self.onFailure, self.promise) = (retrieval, sink, onFailure, promise)
    }

    /// Takes what has come. Returns why it cannot go on, if so.
    func hear(_ event: ProtocolMachine.Event) -> WireFailure? {
        switch event {
        case .bodyBegan(let fetched):
            guard !retrieval.isTaking, let message = retrieval.began(fetched) else { break }
            if case .passedOn(let octets)? = fetched.bodies.last?.content, octets > Self.mostOctets(of: message) {
                retrieval.giveUp()
                return .violation(
                    "announces a message of \(octets) octets, which it lists with \(message.octets ?? 0)")
            }
            sink.begin(message)
            decoder = LineEndDecoder()
            (isComing, isFirst) = (true, true)
        case .body(let slice):
            guard isComing else { break }
            if isFirst, Substitute.isOne(slice) { retrieval.spoil(Substitute.words) }
            isFirst = false
            append(slice)
        case .bodyEnded:
            if isComing { endText() }
            isComing = false
        case .response(.fetched(let fetched)):
            switch retrieval.heard(fetched) {
            case .nothing: break
            case .received: sink.end()
            case .mistaken: sink.abandon()
            case .spoilt(let message, let words):
                sink.abandon()
                onFailure(message, .refused(words))
            case .short(let message, let octets):
                sink.begin(message)
                decoder = LineEndDecoder()
                append(ByteBuffer(bytes: octets))
                endText()
                sink.end()
            }
        case .response(.condition(let condition)): retrieval.heard(condition)
        case .completed(let id, let condition):
            switch retrieval.completed(id, condition) {
            case .nothing: break
            case .absent(let message, let absence): onFailure(message, absence)
            case .failed(let failure): return failure
            }
        default: break
        }
        return nil
    }

    /// Eight times the size in the listing, which is wrong on some servers, or 64 MiB, whichever is more.
    private static func mostOctets(of message: ListedMessage) -> Int {
        let (generous, overflow) = (message.octets ?? 0).multipliedReportingOverflow(by: 8)
        return max(64 << 20, overflow ? .max : generous)
    }

    /// Whether the text that is coming is the sink's.
    private var isComing = false
    /// Whether nothing has come of it.
    private var isFirst = false

    /// Decodes into the sink's own memory: the one copy between the socket's buffer and the disk's.
    private func append(_ slice: ByteBuffer) {
        var slice = slice
        while slice.readableBytes > 0 {
            sink.append(upTo: slice.readableBytes + LineEndDecoder.mostHeld) { decoder.decode(&slice, into: $0) }
        }
    }

    private func endText() {
        guard decoder.finish() else { return }
        sink.append(upTo: 1) { room in
            room[0] = UInt8(ascii: "\r")
            return 1
        }
    }

    /// The message that is coming will never be whole.
    func abandon() { if retrieval.isTaking { sink.abandon() } }
}

/// What Exchange sends in place of a message that it cannot convert: a text of its own, with an OK.
private enum Substitute {
    private static let subject = Array(
        "Subject: Retrieval using the IMAP4 protocol failed for the following message".utf8)

    static let words = Array("it sends a notice that it cannot retrieve it, in place of the message".utf8)

    /// - Parameter start: the first octets of a message, with most of its header.
    static func isOne(_ start: ByteBuffer) -> Bool {
        var line = start.readableBytesView.prefix(16 << 10)
        while !line.isEmpty, line.first != UInt8(ascii: "\r"), line.first != UInt8(ascii: "\n") {
            if line.starts(with: subject) { return true }
            guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else { return false }
            line = line[(end + 1)...]
        }
        return false
    }
}
