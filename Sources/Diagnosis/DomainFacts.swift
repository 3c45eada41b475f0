// SPDX-License-Identifier: Apache-2.0

import DNS
public import Vocabulary

/// Where a domain's mail is to go from now on, as the administrator describes it.
public struct MailPlatform: Sendable, Hashable {
    /// Hosts that MX records should name.
    public var hosts: [DomainName]
    /// Addresses at which mail arrives.
    public var addresses: [IPAddress]

    public init(hosts: [DomainName] = [], addresses: [IPAddress] = []) {
        self.hosts = hosts
        self.addresses = addresses
    }

    var isEmpty: Bool { hosts.isEmpty && addresses.isEmpty }
}

/// What DNS and the old server say about a domain, at one time.
struct DomainFacts: Sendable {
    /// The addresses of a name.
    struct Host: Sendable, Hashable {
        var four = Answer<IPAddress>(.noSuchRecord)
        var six = Answer<IPAddress>(.noSuchRecord)

        var addresses: [IPAddress] { four.records + six.records }
        /// What the name is an alias of, if it is one.
        var target: String? { four.aliases.last ?? six.aliases.last }
        var failure: LookupFailure? { four.failure ?? six.failure }
    }

    /// The old server of the domain's migration, while its window is open.
    struct Old: Sendable {
        var server: OldServer
        /// The addresses the system resolves it to, where runs go.
        var addresses: [IPAddress] = []
        /// Whether that is this machine's own POP3 port.
        var isThisMachine = false
        /// Why it cannot be used as configured, and what to do; nil if it answers.
        var failure: String?
    }

    /// The state of the domain's migration, if it has one.
    enum Move: Sendable {
        case none
        case over(WindowState)
        case active(Old)
    }

    var domain: DomainName
    var platform = MailPlatform()
    var exchangers = Answer<MailExchanger>(.noSuchRecord)
    /// Of the domain itself.
    var own = Host()
    /// Of the domain itself.
    var texts = Answer<[UInt8]>(.noSuchRecord)
    /// The hosts that MX records name, as far as they were looked up, and the platform's.
    var hosts: [String: Host] = [:]
    /// What the SPF record says of the platform's addresses, in this order.
    var spf: [(address: IPAddress, result: SPFResult)] = []
    var move = Move.none
    /// What DNS says about the old server's name; nil if it is configured by address.
    var oldName: Host?

    /// The platform's addresses, as given or those of its hosts.
    var platformAddresses: [IPAddress] {
        platform.addresses + platform.hosts.flatMap { hosts[$0.name]?.addresses ?? [] }
    }

    var spfRecords: [[UInt8]] { texts.records.filter(SPFRecord.isSPF) }

    /// All addresses that may belong to the old server.
    var oldAddresses: Set<IPAddress> {
        guard case .active(let old) = move else { return [] }
        return Set(old.addresses + (oldName?.addresses ?? []))
    }
}

extension DomainFacts {
    /// The most MX records, and addresses for SPF, that are examined.
    static let mostExchangers = 20
    static let mostSPFAddresses = 32

    /// Looks up everything about the domain, in parallel where nothing depends on it.
    ///
    /// - Parameter oldName: the old server's name, if it is configured by name.
    mutating func gather(from session: ResolverSession, oldName: String?) async {
        let name = domain.name
        async let exchangers = session.mailExchangers(of: name)
        async let own = Host(name, session)
        async let texts = session.texts(of: name)
        async let old = Host(oldName, session)
        self.exchangers = await exchangers
        let named = self.exchangers.records.prefix(Self.mostExchangers).map(\.host) + platform.hosts.map(\.name)
        hosts = await withTaskGroup { group in
            for name in Set(named) where name != "." && IPAddress(name) == nil {
                group.addTask { (name, await Host(name, session)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        (self.own, self.texts, self.oldName) = await (own, texts, old)
        guard spfRecords.count == 1 else { return }
        var seen: Set<IPAddress> = []
        for address in platformAddresses where seen.insert(address).inserted && seen.count <= Self.mostSPFAddresses {
            spf.append((address, await SPFCheck.result(of: address, for: name, asking: session)))
        }
    }
}

extension DomainFacts.Host {
    init(_ name: String, _ session: ResolverSession) async {
        async let four = session.addresses4(of: name)
        async let six = session.addresses6(of: name)
        (self.four, self.six) = await (four, six)
    }

    init?(_ name: String?, _ session: ResolverSession) async {
        guard let name else { return nil }
        await self.init(name, session)
    }
}
