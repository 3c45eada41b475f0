// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailConnection
import MailSession
import NIOCore
import Vocabulary

/// What a connection is doing.
enum Work {
    case none
    case greeting(EventLoopPromise<Answer>)
    case commands(Batch)
    case exchange(EventLoopPromise<AuthenticationStep>)
    case text(Text)
    case fetching(Fetching)
    case handshake(EventLoopPromise<TLSFacts>, TLSHandshake)
    case appending(EventLoopPromise<Answer>)

    func fail(_ failure: WireFailure) {
        switch self {
        case .none: break
        case .greeting(let promise): promise.fail(failure)
        case .commands(let batch): batch.promise.fail(failure)
        case .exchange(let promise): promise.fail(failure)
        case .text(let text): text.promise.fail(failure)
        case .fetching(let fetching):
            fetching.abandon()
            fetching.promise.fail(failure)
        case .handshake(let promise, _): promise.fail(failure)
        case .appending(let promise): promise.fail(failure)
        }
    }

    /// More than an honest answer to any part of it: a list of millions of messages, or the largest message.
    var mostOctets: Int { holdsTexts ? 5 << 30 : 1 << 30 }

    /// Whether texts of messages come, of whatever length.
    var holdsTexts: Bool {
        switch self {
        case .fetching: true
        case .commands(let batch): batch.events != nil
        case .none, .greeting, .exchange, .text, .handshake, .appending: false
        }
    }

    /// What has been done of it: a change is progress.
    var settled: Int {
        switch self {
        case .commands(let batch): batch.answers.count
        case .fetching(let fetching): fetching.retrieval.progress
        case .none, .greeting, .exchange, .text, .handshake, .appending: 0
        }
    }
}

/// Commands whose answers are waited for together.
final class Batch {
    let ids: [CommandID]
    let hear: @Sendable (_ answered: Int, Response) -> Void
    /// For commands whose answers hold texts of messages.
    let events: (@Sendable (ProtocolMachine.Event) -> Void)?
    let promise: EventLoopPromise<[Answer]>
    /// Whether folders are opened ahead: then all depends on the order of the answers.
    let isAhead: Bool
    var answers: [CommandID: Answer] = [:]

    init(
        ids: [CommandID], hear: @escaping @Sendable (_ answered: Int, Response) -> Void,
        events: (@Sendable (ProtocolMachine.Event) -> Void)? = nil, isAhead: Bool = false,
        promise: EventLoopPromise<[Answer]>
    ) {
        (self.ids, self.hear, self.events, self.isAhead, self.promise) = (ids, hear, events, isAhead, promise)
    }

    /// Whether this answer is the next.
    func isInTurn(_ id: CommandID) -> Bool { ids.indices.contains(answers.count) && ids[answers.count] == id }
}

/// A text that is kept, such as a header.
final class Text {
    enum Heard {
        case more
        case whole(FetchedText)
        case tooLong
    }

    let limit: Int
    let promise: EventLoopPromise<FetchedText>
    private var coming = ByteBuffer()
    private var octets: ByteBuffer?
    private var uid: UInt32?

    init(limit: Int, promise: EventLoopPromise<FetchedText>) { (self.limit, self.promise) = (limit, promise) }

    func hear(_ event: ProtocolMachine.Event) -> Heard {
        switch event {
        case .bodyBegan: coming.clear()
        case .body(var slice):
            guard coming.readableBytes + slice.readableBytes <= limit else { return .tooLong }
            coming.writeBuffer(&slice)
        case .response(.fetched(let fetched)):
            guard octets == nil, let body = fetched.bodies.last else { break }
            switch body.content {
            case .passedOn: octets = coming
            case .inline(let short): octets = ByteBuffer(bytes: short)
            case .absent: break
            }
            uid = fetched.uid
        case .completed(_, let condition):
            return .whole(FetchedText(condition: condition, octets: octets, uid: uid))
        default: break
        }
        return .more
    }
}
