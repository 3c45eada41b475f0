// SPDX-License-Identifier: Apache-2.0

/// The daemon's figures for monitoring.
public struct MetricsText: Codable, Equatable, Sendable, Described {
    public var text: String

    public init(text: String) { self.text = text }

    public static let schema = Schema.object(
        ObjectSchema(
            "Metrics", "The daemon's figures for monitoring.",
            [.required("text", .text, "OpenMetrics 1.0 text; counters are those of this process")]))
}

extension Contract {
    public static let getMetrics = MethodDeclaration<NoParameters, MetricsText>(
        "getMetrics", .admin, "Gives the daemon's figures for monitoring, as OpenMetrics.", isIdempotent: true,
        example: [:],
        gives: MetricsText(
            text: """
                # TYPE mailmove_messages_moved counter
                # HELP mailmove_messages_moved Messages moved, durably.
                mailmove_messages_moved_total 1200
                # EOF

                """))
}
