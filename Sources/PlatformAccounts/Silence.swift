// SPDX-License-Identifier: Apache-2.0

import AccountDirectory

/// Whether accounts are worth asking, after they have let somebody wait in vain: then one question at a time is put, and all
/// others are answered at once, so that logins go on elsewhere without delay. A value; time comes in as an argument.
struct Silence: Sendable {
    /// How a question is to be dealt with.
    enum Admission: Equatable, Sendable {
        case asks
        case isRefused(DirectoryError)
    }

    /// What took longer than this to fail has kept a login waiting.
    static let slow = Duration.seconds(1)
    /// Between two questions of a time of silence.
    static let pause = Duration.seconds(1)

    private enum State: Sendable {
        case answers
        /// Nobody asks before `next`; nil while somebody does.
        case silent(DirectoryError, next: ContinuousClock.Instant?)
    }

    private var state = State.answers

    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        guard case .silent(let error, let next) = state else { return .asks }
        guard let next, now >= next else { return .isRefused(error) }
        state = .silent(error, next: nil)
        return .asks
    }

    mutating func answered() { state = .answers }

    /// - Parameter took: how long it was waited for.
    mutating func failed(_ error: DirectoryError, after took: Duration, at now: ContinuousClock.Instant) {
        if case .answers = state, took < Self.slow { return }
        state = .silent(error, next: now + Self.pause)
    }
}
