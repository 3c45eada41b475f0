// SPDX-License-Identifier: Apache-2.0

import POP3
import Secrets
import Synchronization
import Vocabulary
import Waiting

/// Opens a session for somebody who waits to hear what is wrong: a port that speaks TLS where the settings have none,
/// or the reverse, is reported within ten seconds, instead of waiting a minute for a greeting.
struct PromptOpening: Sendable {
    let dialler: POP3Dialler

    /// A port that is silent for this long is asked whether it speaks TLS.
    private static let silence = Duration.seconds(4)
    /// A port that answers no handshake for this long does not speak TLS.
    private static let longestHandshake = Duration.seconds(8)

    private final class Sign: Sendable {
        private let state = Mutex(false)

        var isSet: Bool { state.withLock { $0 } }

        func set() { state.withLock { $0 = true } }
    }

    private enum Event: Sendable {
        case ended(Result<POP3Session, POP3Error>)
        case speaksTLS(Bool)
    }

    func open(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (Opening.Progress) -> Void
    ) async throws(POP3Error) -> POP3Session {
        var timeouts = timeouts
        if server.security == .tls { timeouts.connect = min(timeouts.connect, Self.longestHandshake) }
        let greeted = Sign()
        let result = await withTaskGroup(of: Event.self) { [dialler, timeouts] group in
            group.addTask {
                do throws(POP3Error) {
                    let session = try await dialler.open(
                        server, timeouts: timeouts, hiding: password
                    ) { step in
                        if step.step == .greeting { greeted.set() }
                        progress(step)
                    }
                    return .ended(.success(session))
                } catch {
                    return .ended(.failure(error))
                }
            }
            if server.security != .tls {
                group.addTask {
                    // Cancelled: it has been opened, or has failed, meanwhile.
                    guard (try? await pause(for: Self.silence)) != nil, !greeted.isSet else {
                        return .speaksTLS(false)
                    }
                    return .speaksTLS(
                        await dialler.speaksTLS(server, timeouts: timeouts))
                }
            }
            var result = Result<POP3Session, POP3Error>.failure(POP3Dialler.needsTLS(server))
            var isMissed = false
            for await event in group {
                switch event {
                case .ended(let end) where !isMissed || greeted.isSet: result = end
                case .ended(let end):
                    // By now it is known what the port speaks.
                    if case .success(let session) = end { session.abort() }
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
