// SPDX-License-Identifier: Apache-2.0

/// How long the last few of something took; one of them at random predicts the next.
struct RecentDurations: Sendable {
    private var durations: [Duration] = []
    private var next = 0
    private static let most = 16

    var any: Duration? { durations.randomElement() }

    mutating func add(_ duration: Duration) {
        if durations.count < Self.most {
            durations.append(duration)
        } else {
            durations[next] = duration
            next = (next + 1) % Self.most
        }
    }
}
