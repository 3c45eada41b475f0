// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

extension LocalizedText: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "LocalizedText", "A text for people, in each language.",
            [.required("en", .text, "in English"), .required("zh-CN", .text, "in Simplified Chinese")]))
}

extension EmailAddress {
    static let example = example("ann")

    /// An address for examples: no text of a program's own can fail to be one, but the compiler cannot know.
    static func example(_ name: String) -> EmailAddress {
        do {
            return try EmailAddress("\(name)@example.com")
        } catch {
            preconditionFailure("\(name)@example.com is an address")
        }
    }
}

extension DomainName {
    static let example = EmailAddress.example.domain
}

extension Timestamp {
    static let example = Timestamp(milliseconds: 1_795_489_841_052)
    static let exampleEnd = example.adding(seconds: 30 * 86400)
}

/// How many accounts are in each status.
public struct StatusCounts: Codable, Hashable, Sendable {
    public var notStarted: Int
    public var inProgress: Int
    public var completed: Int
    public var failed: Int
    public var nonMigrating: Int

    public init(
        notStarted: Int = 0, inProgress: Int = 0, completed: Int = 0, failed: Int = 0, nonMigrating: Int = 0
    ) {
        self.notStarted = notStarted
        self.inProgress = inProgress
        self.completed = completed
        self.failed = failed
        self.nonMigrating = nonMigrating
    }
}

extension StatusCounts: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "StatusCounts", "How many accounts are in each status.",
            MigrationStatus.allCases.map { .required($0.rawValue, .count, "accounts that are \($0.text.en)") }))

    static let example = StatusCounts(notStarted: 7, inProgress: 1, completed: 90, failed: 1, nonMigrating: 1)
}

/// The result of a method that only does something: `{}`.
public struct Nothing: Codable, Hashable, Sendable {
    public init() {}
}

extension Nothing: Described {
    public static let schema = Schema.object(ObjectSchema("Nothing", "An empty object.", []))
}
