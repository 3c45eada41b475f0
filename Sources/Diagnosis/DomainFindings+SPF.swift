// SPDX-License-Identifier: Apache-2.0

import DNS
import Vocabulary

/// Whether the domain lets the new platform send its mail (RFC 7208). Incoming mail does not depend on this, so nothing
/// here is an error.
extension DomainFindings {
    mutating func judgeSPF() {
        if let failure = facts.texts.failure {
            return add(.warning, "the SPF record of \(domain) is not known: \(failure); check again")
        }
        let records = facts.spfRecords
        guard let record = records.first else {
            return add(
                .info,
                "\(domain) has no SPF record: a TXT record such as \"v=spf1 mx -all\" tells receivers who sends its mail"
            )
        }
        guard records.count == 1 else {
            return add(
                .warning,
                "\(domain) has \(records.count) SPF records, and receivers obey none (RFC 7208 §4.5): put them into one: "
                    + Self.list(records.map { RecordText.shown($0, atMost: 200) }))
        }
        do throws(SPFRecord.Malformed) {
            _ = try SPFRecord(record)
        } catch {
            return add(
                .warning,
                "the SPF record of \(domain) is broken, and receivers obey none of it: \(error); correct it: "
                    + RecordText.shown(record, atMost: 200))
        }
        for problem in problems() { add(problem.severity, problem.text) }
    }

    private func problems() -> [DomainFinding] {
        var passing: [String] = []
        var refused: [String: [IPAddress]] = [:]
        var found: [DomainFinding] = []
        for (address, result) in facts.spf {
            switch result {
            case .pass: passing.append(address.description)
            case .fail: refused["fail", default: []].append(address)
            case .softfail: refused["softfail", default: []].append(address)
            case .neutral, .none: refused["neutral", default: []].append(address)
            case .permanentError(let detail):
                found.append(
                    DomainFinding(
                        severity: .warning,
                        text:
                            "the SPF record of \(domain) cannot be followed, and receivers obey none of it: \(detail); "
                            + "correct it"))
            case .temporaryError(let detail):
                found.append(
                    DomainFinding(
                        severity: .warning,
                        text: "it is not known whether SPF of \(domain) allows \(address): \(detail); check again"))
            case .undetermined(let term):
                found.append(
                    DomainFinding(
                        severity: .info,
                        text: "whether SPF of \(domain) allows \(address) depends on \(term), which cannot be told here"
                    ))
            }
        }
        for (result, addresses) in refused.sorted(by: { $0.key < $1.key }) {
            let terms = addresses.prefix(6).map { "\($0.isIPv4 ? "ip4" : "ip6"):\($0)" }
            let isGiven = addresses.contains(where: facts.platform.addresses.contains)
            found.append(
                DomainFinding(
                    severity: isGiven ? .warning : .info,
                    text:
                        "SPF of \(domain) does not allow the new platform's \(Self.list(addresses.map(\.description))) "
                        + "(\(result)): if mail is sent from there, add \(Self.list(terms))"))
        }
        if !passing.isEmpty {
            found.append(
                DomainFinding(severity: .info, text: "SPF of \(domain) allows the new platform: \(Self.list(passing))"))
        }
        var seen: Set<DomainFinding> = []
        return found.filter { seen.insert($0).inserted }
    }
}
