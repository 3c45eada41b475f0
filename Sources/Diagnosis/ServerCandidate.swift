// SPDX-License-Identifier: Apache-2.0

import DNS
public import Vocabulary

/// A server that may hold a domain's mailboxes, and what came of trying it.
public struct ServerCandidate: Sendable, Hashable {
    public var mailProtocol: MailProtocol
    public var host: String
    public var port: Int
    public var security: TransportSecurity
    /// nil if it is not known.
    public var usernameIncludesDomain: Bool?
    public var source: CandidateSource
    /// Whether it answers and, if a password was given and could be sent, accepts it.
    public var isOK = false
    /// Whether it accepts the password that was given.
    var acceptsPassword = false
    /// What was found, for people.
    public var detail = ""
    /// Where the name server has its host.
    var addresses: [IPAddress]

    /// What the candidate is as an old server, in its present way of protection.
    var server: OldServer {
        var server = OldServer(
            mailProtocol, host: host, port: port, security: security,
            usernameIncludesDomain: usernameIncludesDomain ?? true)
        server.resolved = addresses
        return server
    }

    /// Whether nobody else can answer in its place.
    var isTrustworthy: Bool {
        security.isAlwaysEncrypted || (!addresses.isEmpty && addresses.allSatisfy { $0.scope == .loopback })
    }

    /// Whether it comes before another: first those that are of use, then those that nobody can stand in for, then by
    /// how it was found; what moves more, and hides more, before what does less.
    static func precedes(_ one: ServerCandidate, _ other: ServerCandidate) -> Bool {
        one.rank.lexicographicallyPrecedes(other.rank)
    }

    private var rank: [Int] {
        [
            acceptsPassword ? 0 : 1, isOK ? 0 : 1, security.isAlwaysEncrypted ? 0 : 1, source.rank,
            mailProtocol == .imap ? 0 : 1,
            Self.securities.firstIndex(of: security) ?? Self.securities.count,
        ]
    }

    private static let securities: [TransportSecurity] = [.tls, .starttls, .opportunistic, .none]
}

extension CandidateSource {
    fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What DNS says of where a domain's mailboxes may be served.
struct CandidateFacts: Sendable {
    var domain: DomainName
    /// The most preferred first.
    var exchangers: [String] = []
    /// By service (RFC 6186).
    var services: [Service: [ServiceRecord]] = [:]
    /// Of every host that may be one, as far as it has any.
    var addresses: [String: [IPAddress]] = [:]

    /// RFC 6186 §3.2, and RFC 8314 §5.1 for the order.
    enum Service: String, Sendable, CaseIterable {
        case imaps = "_imaps._tcp"
        case pop3s = "_pop3s._tcp"
        case imap = "_imap._tcp"
        case pop3 = "_pop3._tcp"

        var mailProtocol: MailProtocol { self == .imap || self == .imaps ? .imap : .pop3 }
        var security: TransportSecurity { self == .imaps || self == .pop3s ? .tls : .opportunistic }
    }

    /// Names that mail servers usually have inside a domain, and which protocols they suggest.
    static let usualNames: [(label: String, protocols: [MailProtocol])] = [
        ("imap", [.imap]), ("pop3", [.pop3]), ("pop", [.pop3]), ("mail", [.imap, .pop3]),
    ]

    /// Of so many exchangers it is seen whether they serve mailboxes, too.
    static let mostExchangers = 3
    static let mostCandidates = 32

    private var hosters: [Hoster] { Hoster.all(for: domain, exchangers: exchangers) }

    /// Every host that could be a candidate's.
    var hosts: [String] {
        hosters.flatMap { $0.servers.map(\.host) } + services.values.joined().map(\.host)
            + exchangers.prefix(Self.mostExchangers) + Self.usualNames.map { "\($0.label).\(domain.name)" }
    }

    /// Each server once, under the best of its sources.
    var candidates: [ServerCandidate] {
        var found: [ServerCandidate] = []
        func add(
            _ mailProtocol: MailProtocol, _ host: String, _ security: TransportSecurity, port: Int? = nil,
            namesDomain: Bool? = nil, _ source: CandidateSource
        ) {
            let port = port ?? mailProtocol.port(security)
            let addresses = addresses[host] ?? []
            // Of what is only guessed, nothing is said where it is not there.
            let isGuess = source == .mx || source == .name
            guard !(isGuess && addresses.isEmpty), found.count < Self.mostCandidates,
                !found.contains(where: { $0.mailProtocol == mailProtocol && $0.host == host && $0.port == port })
            else { return }
            found.append(
                ServerCandidate(
                    mailProtocol: mailProtocol, host: host, port: port, security: security,
                    usernameIncludesDomain: namesDomain, source: source, addresses: addresses))
        }
        for hoster in hosters {
            for server in hoster.servers { add(server.mailProtocol, server.host, .tls, namesDomain: true, .preset) }
        }
        for service in Service.allCases {
            for record in services[service] ?? [] {
                add(service.mailProtocol, record.host, service.security, port: record.port, .srv)
            }
        }
        // A hoster's exchangers serve no mailboxes.
        let others = hosters.isEmpty ? exchangers.prefix(Self.mostExchangers) : []
        for security in [TransportSecurity.tls, .opportunistic] {
            for host in others { for it in [MailProtocol.imap, .pop3] { add(it, host, security, .mx) } }
            for (label, protocols) in Self.usualNames {
                for it in protocols { add(it, "\(label).\(domain.name)", security, .name) }
            }
        }
        return found
    }
}

extension CandidateFacts {
    /// Looks everything up, in parallel where nothing depends on it.
    mutating func gather(from session: ResolverSession) async {
        let name = domain.name
        async let exchangers = session.mailExchangers(of: name).records
        services = await withTaskGroup { group in
            for service in Service.allCases {
                group.addTask { (service, await session.services(of: "\(service.rawValue).\(name)").records) }
            }
            return await group.reduce(into: [:]) { services, answer in
                // "." says that the service is not there (RFC 2782).
                services[answer.0] = answer.1.filter { $0.host != "." && $0.port > 0 }
            }
        }
        self.exchangers = await exchangers.map(\.host).filter { $0 != "." && IPAddress($0) == nil }
        addresses = await withTaskGroup { group in
            for host in Set(hosts) {
                group.addTask {
                    async let four = session.addresses4(of: host).records
                    async let six = session.addresses6(of: host).records
                    return (host, await four + six)
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}
