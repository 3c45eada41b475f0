// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Whether an old server can be reached, and what it bears, as logins and moves have met it.
public struct Reachable: Codable, Hashable, Sendable {
    public var ok: Bool
    /// Since when it cannot be; when it was reached last.
    public var since: Timestamp
    /// What was met, and what to ask its administrator for.
    public var detail: String

    public init(ok: Bool, since: Timestamp, detail: String) {
        self.ok = ok
        self.since = since
        self.detail = detail
    }
}

extension Reachable: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "Reachable", "Whether an old server can be reached, and what it bears.",
            [
                .required("ok", .boolean, "whether it could be, the last time"),
                .required("since", .time, "since when it cannot be; when it was reached last"),
                .required(
                    "detail", .text,
                    "what was met: limits of connections, penalties for wrong passwords; and what to ask for"),
            ]))

    static let example = Reachable(ok: true, since: .example, detail: "192.0.2.10:110 can be reached")
}
