// SPDX-License-Identifier: Apache-2.0

/// How long the last few questions took, from their connection to the answer: their mean passes for the next.
struct AnswerTimes: Equatable, Sendable {
    private var durations: [Duration] = []
    private var next = 0
    private static let most = 16

    var average: Duration? { durations.isEmpty ? nil : durations.reduce(.zero, +) / durations.count }

    mutating func add(_ duration: Duration) {
        if durations.count < Self.most {
            durations.append(duration)
        } else {
            durations[next] = duration
            next = (next + 1) % Self.most
        }
    }
}
