// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailSession
import NIOCore
import NIOPosix
import Synchronization

/// A promise that several may try to complete; the first one does.
final class Once<Value: Sendable>: Sendable {
    private let promise: EventLoopPromise<Value>
    private let isDone = Mutex(false)

    init(_ loop: any EventLoop) { promise = loop.makePromise() }

    var future: EventLoopFuture<Value> { promise.futureResult }

    func complete(_ result: Result<Value, any Error>) {
        let first = isDone.withLock { done in
            defer { done = true }
            return !done
        }
        if first { promise.completeWith(result) }
    }
}

/// The value that `start` promises, or the failure caused by the timeout or by the task's cancellation.
/// - Parameter late: how long it may take, and the failure if it takes longer.
func promised<Value: Sendable>(
    on loop: any EventLoop, of type: Value.Type, late: (after: Duration, failure: WireFailure)? = nil,
    _ start: @escaping @Sendable (Once<Value>) -> Void
) async throws(WireFailure) -> Value {
    let once = Once<Value>(loop)
    do {
        return try await withTaskCancellationHandler {
            start(once)
            if let late {
                let failure = late.failure
                let alarm = loop.scheduleTask(in: TimeAmount(late.after)) { once.complete(.failure(failure)) }
                once.future.whenComplete { _ in alarm.cancel() }
            }
            return try await once.future.get()
        } onCancel: {
            once.complete(.failure(WireFailure.cancelled))
        }
    } catch {
        throw WireFailure(connecting: error)
    }
}

extension WireFailure {
    fileprivate init(connecting error: any Error) {
        switch error {
        case let failure as WireFailure: self = failure
        case is CancellationError: self = .cancelled
        case let error as NIOConnectionError:
            self =
                error.connectionErrors.contains { Exhaustion.isCause(of: $0.error) }
                ? .exhausted : .unreachable(error.connectionErrors.map { Self.cause($0.error) })
        case let error where Exhaustion.isCause(of: error): self = .exhausted
        default: self = .unreachable([Self.cause(error)])
        }
    }

    private static func unreachable(_ causes: [String]) -> WireFailure {
        WireFailure(
            code: .unreachable,
            message:
                "cannot be reached: \(Set(causes).sorted().joined(separator: ", ")); check host, port and firewalls")
    }

    private static func cause(_ error: any Error) -> String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)).lowercased() }
        if case .connectTimeout? = error as? ChannelError { return "it does not answer" }
        return String(describing: error)
    }
}
