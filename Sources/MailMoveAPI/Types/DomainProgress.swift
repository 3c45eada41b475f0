// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// How far a domain is, and how fast it goes: what `progress` notifications carry, and `getMigration` among the rest.
public struct DomainProgress: Codable, Hashable, Sendable {
    public var domain: DomainName
    public var counts: StatusCounts
    /// Accounts in progress whose run waits for its turn.
    public var queued: Int
    /// Accounts of which no run starts until `resumeAccounts`.
    public var paused: Int
    public var moved: Int
    public var remaining: Int
    public var movedOctets: Int
    public var remainingOctets: Int
    /// Accounts of which nobody knows yet how much they hold: ``remaining`` leaves them out.
    public var unlisted: Int
    /// Over the last minute; 0 where nothing moves.
    public var messagesPerSecond: Double
    public var octetsPerSecond: Double
    /// Of what is known and under way; nil where nothing moves.
    @OrNull public var etaSeconds: Int?

    public init(
        domain: DomainName, counts: StatusCounts, queued: Int = 0, paused: Int = 0, moved: Int, remaining: Int,
        movedOctets: Int, remainingOctets: Int = 0, unlisted: Int = 0, messagesPerSecond: Double = 0,
        octetsPerSecond: Double = 0, etaSeconds: Int? = nil
    ) {
        self.domain = domain
        self.counts = counts
        self.queued = queued
        self.paused = paused
        self.moved = moved
        self.remaining = remaining
        self.movedOctets = movedOctets
        self.remainingOctets = remainingOctets
        self.unlisted = unlisted
        self.messagesPerSecond = messagesPerSecond
        self.octetsPerSecond = octetsPerSecond
        self.etaSeconds = etaSeconds
    }
}

extension DomainProgress: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "DomainProgress", "How far a domain is, and how fast it goes.",
            [.required("domain", .domain, "mail domain, in A-form")] + figures))

    /// All but the domain.
    static let figures: [Member] = [
        .required("counts", StatusCounts.schema, "accounts in each status"),
        .required("queued", .count, "accounts in progress whose run waits for its turn"),
        .required("paused", .count, "accounts of which no run starts until resumeAccounts"),
        .required("moved", .count, "messages moved"),
        .required("remaining", .count, "messages that are known to be only on the old server"),
        .required("movedOctets", .count, "octets of the messages moved"),
        .required("remainingOctets", .count, "octets of the messages that remain, as the old server lists them"),
        .required(
            "unlisted", .count,
            "accounts that move and of which nobody knows yet how much they hold; remaining leaves them out"),
        .required("messagesPerSecond", .number, "over the last minute, 0 where nothing moves"),
        .required("octetsPerSecond", .number, "over the last minute, 0 where nothing moves"),
        .required(
            "etaSeconds", .orNull(.count),
            "seconds until what is known and under way is moved, at this rate; null where nothing moves"),
    ]

    static let example = DomainProgress(
        domain: .example, counts: .example, queued: 3, paused: 1, moved: 120_000, remaining: 800,
        movedOctets: 9_000_000_000, remainingOctets: 60_000_000, unlisted: 12, messagesPerSecond: 41.5,
        octetsPerSecond: 3_112_000.5, etaSeconds: 20)
}
