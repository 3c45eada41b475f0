// SPDX-License-Identifier: Apache-2.0

import Vocabulary

extension DomainFindings {
    /// The most severe first.
    static func all(of facts: DomainFacts) -> [DomainFinding] {
        var findings = DomainFindings(facts)
        findings.judgeExchangers()
        findings.judgeOldServer()
        if facts.exchangers.outcome != .noSuchName { findings.judgeSPF() }
        // Stable: within one severity, the order stays that in which one would look.
        return Severity.allCases.flatMap { severity in findings.found.filter { $0.severity == severity } }
    }
}
