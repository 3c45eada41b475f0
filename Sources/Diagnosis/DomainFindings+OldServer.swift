// SPDX-License-Identifier: Apache-2.0

import DNS
import Vocabulary

/// Whether the old server can still be reached under its configured name or address, now that DNS changes.
extension DomainFindings {
    mutating func judgeOldServer() {
        switch facts.move {
        case .none:
            add(.info, "no migration of \(domain) is enabled: there is no old server to look at")
        case .over(let state):
            add(.info, "the migration of \(domain) is \(state.rawValue): its old server is not looked at any more")
        case .active(let old):
            if isPlatform(old) { return }
            judgeName(old)
            judgeReach(old)
        }
    }

    /// If so, a run would fetch from the new platform what it delivers there.
    private mutating func isPlatform(_ old: DomainFacts.Old) -> Bool {
        let subject = old.server.subject
        let platform = Set(facts.platformAddresses)
        if let host = facts.oldName {
            let here = Set(host.addresses + old.addresses).filter(platform.contains)
            guard !here.isEmpty || old.isThisMachine else { return false }
            let shown = Self.shown(subject, here.sorted { $0.description < $1.description })
            add(
                .error,
                "the old server \(shown) leads back to the new platform: enable the migration of \(domain) again, with "
                    + "the old server's IP address")
            return true
        }
        let hasMailPort = old.server.port == 110 || old.server.port == 995
        guard old.isThisMachine || (hasMailPort && old.addresses.contains(where: platform.contains)) else {
            return false
        }
        add(
            .error,
            "\(subject) is set as the old server of \(domain), and is the new platform itself: enable the migration "
                + "again, with the old server's own address")
        return true
    }

    private mutating func judgeName(_ old: DomainFacts.Old) {
        guard let host = facts.oldName else { return }
        let subject = Self.shown(old.server.host, host.addresses)
        if OldServerWarnings.host(old.server.host, isInside: facts.domain) {
            add(
                .warning,
                "the old server's name \(subject) is inside \(domain): when its record is switched too, moves end; "
                    + "enable the migration again with its IP address")
        } else {
            add(
                .info,
                "the old server is set by its name \(subject): its IP address would not depend on DNS")
        }
    }

    private mutating func judgeReach(_ old: DomainFacts.Old) {
        if let failure = old.failure {
            add(
                .error,
                "nothing can be moved: \(failure) (mailmovectl verify \(domain) tries it step by step)")
        } else {
            let addresses = facts.oldName == nil ? [] : old.addresses
            add(.info, "the old server answers: \(Self.shown(old.server.subject, addresses))")
        }
    }
}
