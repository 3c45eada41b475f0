// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: doubling, with jitter, so that a thousand clients of a restarting daemon
/// do not all come at once.
struct Backoff {
    private var next: Duration
    private let longest: Duration

    init(from first: Duration = .milliseconds(20), to longest: Duration = .seconds(1)) {
        self.next = first
        self.longest = longest
    }

    /// The pause before the next attempt, between half and all of the current value.
    mutating func pause() -> Duration {
        defer { next = min(next * 2, longest) }
        return next * Double.random(in: 0.5...1)
    }
}
