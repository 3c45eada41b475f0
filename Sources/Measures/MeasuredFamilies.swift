// SPDX-License-Identifier: Apache-2.0

public import OpenMetrics

extension Measures {
    /// From a fast disk's millisecond to a login's patience.
    private static let latencies = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    /// All families, in the order in which they are written.
    public static let families: [Family] = [
        Family(Name.build, .info, "The running version.", labels: ["version"]),
        Family(Name.startTime, .gauge, unit: "seconds", "When the daemon started, since 1970."),
        Family(Name.movesRunning, .gauge, "Accounts that are moving."),
        Family(Name.movesQueued, .gauge, "Accounts that wait for their turn."),
        Family(Name.movesBegun, .counter, "Runs begun."),
        Family(Name.movesEnded, .counter, "Runs ended, by outcome.", labels: ["outcome"]),
        Family(Name.moveFailures, .counter, "Failed runs, by reason.", labels: ["reason"]),
        Family(Name.messagesMoved, .counter, "Messages moved, durably."),
        Family(Name.movedBytes, .counter, unit: "bytes", "Octets of the messages moved."),
        Family(Name.logins, .counter, "Logins, by decision.", labels: ["decision"]),
        Family(Name.passwordsTakenOver, .counter, "Passwords taken over from old servers."),
        Family(
            Name.oldServerAnswerSeconds, .histogram(bounds: latencies), unit: "seconds",
            "How long old servers take to judge a password."),
        Family(
            Name.oldServerUp, .gauge, "Whether an old server could be reached when it was last tried: 1, else 0.",
            labels: ["server"]),
        Family(
            Name.databaseCommitSeconds, .histogram(bounds: latencies), unit: "seconds",
            "How long commits of the database take."),
        Family(Name.databaseUp, .gauge, "Whether the database takes changes: 1, else 0."),
        Family(
            Name.storeSyncSeconds, .histogram(bounds: latencies), unit: "seconds",
            "How long it takes to make delivered files durable."),
        Family(Name.storeUp, .gauge, "Whether the mail store takes mail: 1, else 0."),
        Family(Name.clients, .gauge, "Connected clients."),
        Family(Name.node, .info, "This node, where several share the database.", labels: ["node"]),
        Family(Name.nodes, .gauge, "Nodes that share the database and were seen within the last minute."),
    ]
}
