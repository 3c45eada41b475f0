// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func checkDomain(_ parameters: CheckDomain) async throws -> DomainReport {
        DomainReport(
            try await move.domains.check(parameters.domain, platform: parameters.platform.map(MailPlatform.init)))
    }
}

extension MailPlatform {
    /// Both lists have already been validated.
    fileprivate init(_ platform: CheckDomain.Platform) {
        self.init(
            hosts: (platform.mx ?? []).compactMap { host in
                try? DomainName(host.hasSuffix(".") ? String(host.dropLast()) : host)
            }, addresses: (platform.addresses ?? []).compactMap { IPAddress($0) })
    }
}

extension DomainReport {
    fileprivate init(_ check: DomainCheck.Outcome) {
        self.init(
            ok: check.isOK,
            records: Records(
                mx: check.exchangers.map { exchanger in
                    MX(
                        preference: exchanger.preference, host: exchanger.host,
                        addresses: exchanger.addresses.map(\.description))
                }, a: check.addresses4.map(\.description), aaaa: check.addresses6.map(\.description), spf: check.spf),
            findings: check.findings.map { Finding(severity: $0.severity, text: $0.text) })
    }
}
