// SPDX-License-Identifier: Apache-2.0

import Synchronization
public import Vocabulary
import Waiting

/// Opens a session for somebody who waits to hear what is wrong: a port that speaks TLS where the settings have none,
/// or the reverse, is reported within ten seconds, instead of waiting a minute for a greeting.
public struct PromptOpening<Session: Sendable, Failure: Error>: Sendable {
    /// Opens the session within these timeouts, and calls back once the server has greeted.
    public typealias Dial =
        @Sendable (Timeouts, _ greeted: @escaping @Sendable () -> Void) async -> Result<
            Session, Failure
        >

    private let dial: Dial
    private let speaksTLS: @Sendable (Timeouts) async -> Bool
    private let needsTLS: Failure
    private let abort: @Sendable (Session) -> Void

    /// A port that is silent for this long is asked whether it speaks TLS.
    private static var silence: Duration { .seconds(4) }
    /// A port that answers no handshake for this long does not speak TLS.
    private static var longestHandshake: Duration { .seconds(8) }

    /// - Parameters:
    ///   - speaksTLS: whether the port speaks TLS from the first octet.
    ///   - needsTLS: the error if it does, and the settings have none.
    ///   - abort: drops a session that came too late.
    public init(
        dial: @escaping Dial, speaksTLS: @escaping @Sendable (Timeouts) async -> Bool, needsTLS: Failure,
        abort: @escaping @Sendable (Session) -> Void
    ) {
        (self.dial, self.speaksTLS, self.needsTLS, self.abort) = (dial, speaksTLS, needsTLS, abort)
    }

    private final class Sign: Sendable {
        private let state = Mutex(false)

        var isSet: Bool { state.withLock { $0 } }

        func set() { state.withLock { $0 = true } }
    }

    private enum Event: Sendable {
        case ended(Result<Session, Failure>)
        case speaksTLS(Bool)
    }

    public func open(_ security: TransportSecurity, timeouts: Timeouts) async throws(Failure) -> Session {
        var timeouts = timeouts
        if security == .tls { timeouts.connect = min(timeouts.connect, Self.longestHandshake) }
        let greeted = Sign()
        let result = await withTaskGroup(of: Event.self) { [dial, speaksTLS, needsTLS, abort, timeouts] group in
            group.addTask { .ended(await dial(timeouts) { greeted.set() }) }
            if security != .tls {
                group.addTask {
                    // Cancelled: it has been opened, or has failed, meanwhile.
                    guard (try? await pause(for: Self.silence)) != nil, !greeted.isSet else {
                        return .speaksTLS(false)
                    }
                    return .speaksTLS(await speaksTLS(timeouts))
                }
            }
            var result = Result<Session, Failure>.failure(needsTLS)
            var isMissed = false
            for await event in group {
                switch event {
                case .ended(let end) where !isMissed || greeted.isSet: result = end
                case .ended(let end):
                    // By now it is known what the port speaks.
                    if case .success(let session) = end { abort(session) }
                    continue
                case .speaksTLS(false): continue
                case .speaksTLS(true): isMissed = true
                }
                group.cancelAll()
            }
            return result
        }
        return try result.get()
    }
}
