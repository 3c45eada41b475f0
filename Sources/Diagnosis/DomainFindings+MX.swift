// SPDX-License-Identifier: Apache-2.0

import DNS
import Vocabulary

/// Where mail for the domain goes (RFC 5321 §5.1), and where it should go.
extension DomainFindings {
    /// Where a host is, as far as can be told.
    private enum Place {
        case platform
        /// Some of its addresses are elsewhere.
        case partly([IPAddress])
        case oldServer
        case elsewhere
        /// DNS does not say.
        case unknown(LookupFailure)
    }

    mutating func judgeExchangers() {
        switch facts.exchangers.outcome {
        case .failed(let failure):
            add(
                .error,
                "it is not known where mail for \(domain) goes: \(failure); check the DNS of this machine, or dns.server "
                    + "in the configuration, and that the domain's own name servers answer; then check again")
        case .noSuchName:
            add(
                .error,
                "\(domain) does not exist in DNS (NXDOMAIN): check the spelling, and that the domain is registered and "
                    + "delegated to name servers that know it")
        case .noSuchRecord: judgeImplicitMX()
        case .records(let records) where records.contains { $0.host == "." }:
            add(
                .error,
                records.count == 1
                    ? "\(domain) says by a null MX (RFC 7505) that it takes no mail; replace it by \(wantedMX)"
                    : "\(domain) has a null MX (RFC 7505), which says that it takes no mail, beside other MX records; "
                        + "remove the one that names \".\"")
            judge(records.filter { $0.host != "." })
        case .records(let records): judge(records)
        }
        if let target = facts.own.target {
            add(
                .info,
                "\(domain) is an alias (CNAME) of \(target), whose records count: a change has to be made there")
        }
    }

    /// RFC 5321 §5.1: without MX, mail goes to the domain's own addresses.
    private mutating func judgeImplicitMX() {
        let addresses = facts.own.addresses
        guard !addresses.isEmpty else {
            if let failure = facts.own.failure {
                return add(.error, "\(domain) has no MX, and its address is not known: \(failure); add \(wantedMX)")
            }
            return add(
                .error, "\(domain) has neither MX nor address: no mail for it can be delivered; add \(wantedMX)")
        }
        add(
            .warning,
            "\(domain) has no MX: mail goes to its own addresses (RFC 5321 §5.1); add \(wantedMX), so that a web server "
                + "never gets mail")
        judge([MailExchanger(preference: 0, host: domain)])
    }

    private mutating func judge(_ records: [MailExchanger]) {
        if records.count > DomainFacts.mostExchangers {
            add(
                .warning,
                "\(domain) has \(records.count) MX records, of which the \(DomainFacts.mostExchangers) most preferred "
                    + "are looked at here; remove those that are not needed")
        }
        let looked = Array(records.prefix(DomainFacts.mostExchangers))
        let usable = looked.filter { isUsable($0) }
        if usable.isEmpty {
            if !looked.isEmpty { add(.error, "no MX of \(domain) can be used by a sender; add \(wantedMX)") }
        } else if facts.platform.isEmpty {
            tell(usable)
        } else {
            compare(usable)
        }
    }

    // MARK: - Each host by itself

    /// Whether a sender could deliver there at all; records what is wrong.
    private mutating func isUsable(_ record: MailExchanger) -> Bool {
        let (host, mx) = (record.host, "MX \(record.preference) \(record.host)")
        if IPAddress(host) != nil {
            add(.error, "\(mx) of \(domain) is an address, where a host name has to be: name the host that has it")
            return false
        }
        guard DomainNameText.isPlain(host) else {
            add(.error, "\(mx) of \(domain) is no host name: correct it, or remove it")
            return false
        }
        let known = known(host)
        let outside = known.addresses.filter { !facts.platformAddresses.contains($0) }
        if host == "localhost" || host.hasSuffix(".localhost")
            || outside.contains(where: { $0.scope == .loopback || $0.scope == .unspecified })
        {
            add(
                .error,
                "\(mx) of \(domain) leads every sender to its own machine (\(Self.shown("localhost", known.addresses))): "
                    + "correct it, or remove it")
            return false
        }
        if let target = known.target {
            add(
                .warning,
                "\(mx) of \(domain) is an alias (CNAME) of \(target), which MX must not name (RFC 2181 §10.3): some "
                    + "senders refuse; name \(target) itself")
        }
        guard !known.addresses.isEmpty else {
            // For a host that could not be looked up, the comparison below reports whether it is the platform's.
            if known.failure != nil { return true }
            let hasOthers = facts.hosts.contains { $0.key != host && !$0.value.addresses.isEmpty }
            add(
                hasOthers ? .warning : .error,
                "\(mx) of \(domain) has no address: no sender can use it; give it one, or remove the MX")
            return false
        }
        if let failure = known.failure {
            add(.warning, "not all addresses of \(mx) are known: \(failure); check again")
        }
        if outside.contains(where: { $0.scope == .local }) {
            add(
                .warning,
                "\(Self.shown(mx, outside)) has an address of a private network: senders outside cannot reach it")
        }
        return true
    }

    // MARK: - Compared

    private func known(_ host: String) -> DomainFacts.Host {
        host == domain ? facts.own : facts.hosts[host] ?? DomainFacts.Host()
    }

    private func addresses(of host: String) -> [IPAddress] { known(host).addresses }

    private func place(of host: String) -> Place {
        let known = known(host)
        if facts.platform.hosts.contains(where: { $0.name == host }) {
            let strange = known.addresses.filter { !facts.platform.addresses.contains($0) }
            // If the platform has both names and addresses, both must match.
            return facts.platform.addresses.isEmpty || strange.isEmpty ? .platform : .partly(strange)
        }
        let strange = known.addresses.filter { !facts.platformAddresses.contains($0) }
        if known.addresses.isEmpty, let failure = known.failure { return .unknown(failure) }
        if strange.isEmpty { return .platform }
        if strange.count < known.addresses.count { return .partly(strange) }
        return strange.contains(where: facts.oldAddresses.contains) ? .oldServer : .elsewhere
    }

    private mutating func compare(_ records: [MailExchanger]) {
        let places = records.map { ($0, place(of: $0.host)) }
        let good = places.filter { if case .platform = $0.1 { true } else { false } }.map(\.0)
        let isMoved = places.contains { if case .partly = $0.1 { true } else { false } } || !good.isEmpty
        if good.count == records.count {
            let hosts = Self.list(good.map { Self.shown($0.host, addresses(of: $0.host)) })
            add(.info, "all mail for \(domain) goes to the new platform: \(hosts)")
        }
        for (record, place) in places {
            let shown = Self.shown("MX \(record.preference) \(record.host)", addresses(of: record.host))
            switch place {
            case .platform: continue
            case .partly(let strange):
                add(
                    .error,
                    "\(shown) of \(domain) leads to the new platform only in part: correct the address "
                        + "\(Self.list(strange.map(\.description))), or name it as the platform's")
            case .unknown(let failure):
                add(
                    .error,
                    "it is not known whether \(shown) of \(domain) is the new platform: \(failure); check again")
            case .oldServer, .elsewhere:
                let what = if case .oldServer = place { "the old server" } else { "not the new platform" }
                add(
                    .error,
                    isMoved
                        ? "\(domain) is moved in part: \(shown) is \(what), and mail that a sender leaves there does not "
                            + "arrive here; remove that MX"
                        : "mail for \(domain) does not go to the new platform yet: \(shown) is \(what); switch to "
                            + wantedMX)
            }
        }
        guard isMoved else { return }
        for host in facts.platform.hosts where !records.contains(where: { $0.host == host.name }) {
            add(.warning, "\(host), a host of the new platform, is no MX of \(domain): add it, or leave it out here")
        }
    }

    /// Without a platform to compare with.
    private mutating func tell(_ records: [MailExchanger]) {
        var others: [String] = []
        for record in records {
            let shown = Self.shown("MX \(record.preference) \(record.host)", addresses(of: record.host))
            guard case .oldServer = place(of: record.host) else {
                others.append(shown)
                continue
            }
            add(
                .error,
                "mail for \(domain) still goes to the old server: \(shown); switch MX to the new platform"
                    + (facts.oldName != nil
                        ? " (or, where it is switched already, the old server's name leads there too: set its address)"
                        : ""))
        }
        guard !others.isEmpty else { return }
        add(
            .info,
            "mail for \(domain) goes to \(Self.list(others)); whether that is the new platform is told where its hosts "
                + "or addresses are given (mailmovectl check --mx HOST --address IP)")
    }

    /// What to write into the zone, as shown to people.
    private var wantedMX: String {
        let hosts = facts.platform.hosts
        guard !hosts.isEmpty else { return "MX records that name the new platform's hosts" }
        return "MX \(Self.list(hosts.map(\.name)))"
    }
}
