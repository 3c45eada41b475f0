// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `watchStatus`: a snapshot, then `statusChanged` notifications, and `progress` ones of a domain.
public struct WatchStatus: Parameters {
    public var account: EmailAddress?
    /// Only on the admin socket.
    public var domain: DomainName?

    public init(account: EmailAddress) { self.account = account }

    public init(domain: DomainName) { self.domain = domain }

    public var violation: Violation? { .unlessOne(account: account, domain: domain) }

    /// What a socket must be for this call.
    public var role: Role { domain == nil ? .login : .admin }

    public static let schema = Schema.object(
        ObjectSchema(
            "What to watch; an account or a domain.",
            [
                .optional("account", .address, "full address"),
                .optional("domain", .domain, "mail domain, instead of an account; on the admin socket alone"),
            ]))
}

/// Where things stand when a watch begins.
public enum WatchSnapshot: Codable, Hashable, Sendable, Described {
    case account(Status)
    case domain(DomainSnapshot)

    private enum CodingKeys: String, CodingKey { case moving }

    public init(from decoder: any Decoder) throws {
        self =
            if try decoder.container(keyedBy: CodingKeys.self).contains(.moving) {
                .domain(try DomainSnapshot(from: decoder))
            } else {
                .account(try Status(from: decoder))
            }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .account(let status): try status.encode(to: encoder)
        case .domain(let snapshot): try snapshot.encode(to: encoder)
        }
    }

    public static let schema = Schema.either([Status.schema, DomainSnapshot.schema])
}

/// A domain at a glance.
public struct DomainSnapshot: Codable, Hashable, Sendable, Described {
    public var domain: DomainName
    public var counts: StatusCounts
    /// Accounts of the domain.
    public var total: Int
    /// The accounts that are moving.
    public var moving: [Status]

    public init(domain: DomainName, counts: StatusCounts, total: Int, moving: [Status]) {
        self.domain = domain
        self.counts = counts
        self.total = total
        self.moving = moving
    }

    public static let schema = Schema.object(
        ObjectSchema(
            "DomainSnapshot", "A domain at a glance.",
            [
                .required("domain", .domain, "mail domain"),
                .required("counts", StatusCounts.schema, "accounts in each status"),
                .required("total", .count, "accounts of the domain"),
                .required("moving", .array(of: Status.schema), "the accounts that are moving"),
            ]))

    static let example = DomainSnapshot(domain: .example, counts: .example, total: 100, moving: [.example])
}

extension Contract {
    public static let watchStatus = MethodDeclaration<WatchStatus, WatchSnapshot>(
        "watchStatus", .login,
        "Gives a snapshot, then statusChanged notifications, and of a domain progress ones too, until unwatch or the "
            + "connection's end.",
        reasons: [.accountNotFound, .migrationNotEnabled], isIdempotent: true, example: ["account": "ann@example.com"],
        gives: .account(.example))

    public static let unwatch = MethodDeclaration<NoParameters, Nothing>(
        "unwatch", .login, "Ends what watchStatus began on this connection.", isIdempotent: true, example: [:],
        gives: Nothing())

    /// The method of the notifications whose parameters are a ``Status``.
    public static let statusChanged = "statusChanged"

    /// The method of the notifications whose parameters are a ``DomainProgress``.
    public static let progress = "progress"
}
