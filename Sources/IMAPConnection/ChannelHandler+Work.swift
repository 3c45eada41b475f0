// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailConnection
import MailSession
import NIOCore
import Secrets
import Vocabulary

/// What a connection is asked to do.
extension ChannelHandler {
    func greeting(_ promise: EventLoopPromise<Answer>) {
        isGreeted = true
        if early.readableBytes > 0 {
            // What has been said is heard, even if the server has gone since.
            var octets = early
            early.clear()
            work = .greeting(promise)
            take(&octets)
            if hasStalled, failure == nil {
                hasStalled = false
                context?.read()
            }
            guard case .greeting = work else { return }
            work = .none
        }
        guard let context = ready(promise) else { return }
        begin(.greeting(promise), context)
    }

    func perform(
        _ commands: [Command], ahead isAhead: Bool = false,
        hearing hear: @escaping @Sendable (_ answered: Int, Response) -> Void,
        _ promise: EventLoopPromise<[Answer]>
    ) {
        guard let context = ready(promise) else { return }
        guard !commands.isEmpty else { return promise.succeed([]) }
        var ids: [CommandID] = []
        do throws(IMAPError) {
            for command in commands { ids.append(try machine.begin(command, isAhead: isAhead)) }
        } catch {
            return refuse(error, promise)
        }
        begin(.commands(Batch(ids: ids, hear: hear, isAhead: isAhead, promise: promise)), context)
    }

    func authenticate(_ command: Command, _ promise: EventLoopPromise<AuthenticationStep>) {
        guard let context = ready(promise) else { return }
        do throws(IMAPError) {
            _ = try machine.begin(command)
        } catch {
            return refuse(error, promise)
        }
        begin(.exchange(promise), context)
    }

    func respond(_ response: Password?, _ promise: EventLoopPromise<AuthenticationStep>) {
        guard let context = ready(promise) else { return }
        if let response { machine.answerChallenge(response) } else { machine.cancelAuthentication() }
        begin(.exchange(promise), context)
    }

    func text(of command: Command, atMost octets: Int, _ promise: EventLoopPromise<FetchedText>) {
        guard let context = ready(promise) else { return }
        do throws(IMAPError) {
            _ = try machine.begin(command)
        } catch {
            return refuse(error, promise)
        }
        begin(.text(Text(limit: octets, promise: promise)), context)
    }

    func retrieve(
        _ retrieval: FolderRetrieval, into sink: any MessageSink,
        onFailure: @escaping @Sendable (ListedMessage, Retrieval.Absence) -> Void,
        _ promise: EventLoopPromise<FolderRetrieval.End>
    ) {
        guard let context = ready(promise) else { return }
        guard !retrieval.isDone else { return promise.succeed(retrieval.end) }
        let fetching = Fetching(retrieval: retrieval, sink: sink, onFailure: onFailure, promise: promise)
        work = .fetching(fetching)
        askForMore(fetching)
        guard !fetching.retrieval.isDone else {
            work = .none
            return promise.succeed(fetching.retrieval.end)
        }
        if failure == nil { begin(.fetching(fetching), context) }
    }

    func begin(_ work: Work, _ context: ChannelHandlerContext) {
        self.work = work
        expectProgress(within: clock.readTimeout)
        if !isReading || hasStalled {
            (isReading, hasStalled) = (true, false)
            context.read()
        }
        send()
    }

    /// The command cannot be sent; the line is as good as before, but its owner has not meant this.
    func refuse<Value>(_ error: IMAPError, _ promise: EventLoopPromise<Value>) {
        let failure = WireFailure(error)
        fail(failure)
        promise.fail(failure)
    }

    func startTLS(_ trust: TLSTrust, server: OldServer, timeout: TimeAmount, _ promise: EventLoopPromise<TLSFacts>) {
        if early.readableBytes > 0 { fail(.speaksPlainText, insteadOf: .closed) }
        guard let context = ready(promise) else { return }
        let handshake: TLSHandshake
        do throws(WireFailure) {
            handshake = try TLSHandshake(with: server, trust)
            work = .handshake(promise, handshake)
            expectProgress(within: timeout)
            try handshake.begin(before: self, in: context)
        } catch {
            if case .none = work { promise.fail(error) }
            return fail(error)
        }
        isReading = true
        context.read()
    }
}
