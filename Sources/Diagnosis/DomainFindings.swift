// SPDX-License-Identifier: Apache-2.0

import DNS
public import Vocabulary

/// One finding about a domain, and what to do about it.
public struct DomainFinding: Sendable, Hashable {
    public var severity: Severity
    public var text: String
}

/// What follows from a domain's facts: a pure function of them.
///
/// DNS names and quoted record text are already printable ASCII here.
struct DomainFindings {
    let facts: DomainFacts
    private(set) var found: [DomainFinding] = []

    init(_ facts: DomainFacts) { self.facts = facts }

    mutating func add(_ severity: Severity, _ text: String) {
        found.append(DomainFinding(severity: severity, text: text))
    }

    var domain: String { facts.domain.name }

    /// `mail.example (192.0.2.10, 192.0.2.11)`
    static func shown(_ host: String, _ addresses: [IPAddress]) -> String {
        guard !addresses.isEmpty else { return host }
        let some = addresses.prefix(4).map(\.description).joined(separator: ", ")
        return "\(host) (\(some)\(addresses.count > 4 ? ", …" : ""))"
    }

    static func list(_ texts: some Collection<String>) -> String {
        texts.prefix(6).joined(separator: ", ") + (texts.count > 6 ? ", and \(texts.count - 6) more" : "")
    }
}
