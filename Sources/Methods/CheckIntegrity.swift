// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import MailMoveAPI
import Records
import Vocabulary

extension MethodTable {
    func checkIntegrity(_ parameters: CheckIntegrity) async throws -> IntegrityReport {
        let repairs = parameters.repair ?? false
        let acceptsEmpty = parameters.acceptEmpty ?? false
        switch (parameters.account, parameters.domain) {
        case (let account?, _):
            let findings = try await move.integrity.check(
                account, password: parameters.password, repairs: repairs, acceptsEmpty: acceptsEmpty)
            return IntegrityReport([findings], next: nil)
        case (nil, let domain?):
            let cursor: EmailAddress?
            do throws(InvalidAddress) {
                cursor = try parameters.cursor.map { text throws(InvalidAddress) in try EmailAddress(text) }
            } catch {
                throw InvalidCursor()
            }
            let page = try await move.integrity.check(
                domain, after: cursor, limit: parameters.limit ?? Defaults.pageLength, repairs: repairs,
                acceptsEmpty: acceptsEmpty)
            return IntegrityReport(page.accounts, next: page.next)
        case (nil, nil): throw Violation("account", "is missing: give an account or a domain")
        }
    }
}

extension IntegrityReport {
    fileprivate init(_ accounts: [IntegrityFindings], next: EmailAddress?) {
        self.init(
            ok: accounts.allSatisfy(\.isOK), accounts: accounts.map(Account.init),
            findings: accounts.flatMap { account in
                account.findings.map { finding in
                    Finding(severity: finding.severity, account: account.account, text: finding.text)
                }
            }, nextCursor: next?.description)
    }
}

extension IntegrityReport.Account {
    fileprivate init(_ findings: IntegrityFindings) {
        self.init(
            account: findings.account, ok: findings.isOK, status: findings.status, ledger: findings.ledger,
            present: findings.present, gone: findings.gone, waiting: findings.waiting, doubled: findings.doubled,
            leftInTmp: findings.leftInTmp, interrupted: findings.interrupted,
            oldMailbox: findings.oldMailbox, missingCount: findings.missingCount,
            missing: findings.missing.map {
                IntegrityReport.Missing(folder: $0.folder, uniqueID: $0.uniqueID, octets: Int($0.octets))
            },
            movedAgain: findings.movedAgain)
    }
}
