// SPDX-License-Identifier: Apache-2.0

import MailMoveAPI
import Records
import Vocabulary

extension MethodTable {
    func listAccounts(_ parameters: ListAccounts) async throws -> AccountPage {
        let page = try await move.accounts.list(
            parameters.domain, search: parameters.search, after: cursor(parameters.cursor, in: parameters.domain),
            limit: parameters.limit ?? Defaults.pageLength)
        return AccountPage(
            accounts: page.accounts.map { account in
                AccountPage.Account(
                    address: account.address, displayName: account.displayName,
                    quotaOctets: account.quotaOctets.map(Int.init), createdAt: account.createdAt,
                    handedOver: account.handover != .never)
            }, nextCursor: page.nextCursor?.description)
    }

    func exportAccounts(_ parameters: ExportAccounts) async throws -> ExportedAccounts {
        try move.accounts.checkOwn("there is nothing to export")
        let page = try await move.accounts.list(
            parameters.domain, search: nil, after: cursor(parameters.cursor, in: parameters.domain),
            limit: parameters.limit ?? Defaults.pageLength)
        return ExportedAccounts(
            accounts: page.accounts.map { account in
                ExportedAccounts.Account(
                    address: account.address, passwordHash: account.passwordHash, displayName: account.displayName,
                    quotaOctets: account.quotaOctets.map(Int.init), handedOver: account.handover != .never)
            }, nextCursor: page.nextCursor?.description)
    }

    /// The address after which a page begins.
    private func cursor(_ text: String?, in domain: DomainName) throws -> EmailAddress? {
        try text.map { text in
            guard let address = try? EmailAddress(text), address.domain == domain else { throw InvalidCursor() }
            return address
        }
    }

    func deleteAccounts(_ parameters: DeleteAccounts) async throws -> DeletedAccounts {
        let given = GivenAddresses(parameters.accounts)
        let outcome = try await move.accounts.delete(given.addresses)
        return DeletedAccounts(deleted: outcome.deleted, notFound: given.texts(without: outcome.notFound))
    }

    func closeAccounts(_ parameters: NamedAccounts) async throws -> CloseReport {
        let given = GivenAddresses(parameters.accounts)
        let outcome = try await move.accounts.close(given.addresses)
        return CloseReport(changed: outcome.changed, notFound: given.texts(without: outcome.notFound))
    }

    func verifyAccounts(_ parameters: VerifyAccounts) async throws -> AccountsFindings {
        let checks = try await move.accountsVerification.verify(parameters.account)
        return AccountsFindings(
            ok: checks.allSatisfy(\.isOK), checks: checks.map { .init(name: $0.name, ok: $0.isOK, detail: $0.detail) })
    }

    func setPassword(_ parameters: SetPassword) async throws -> Nothing {
        try await move.accounts.setPassword(
            parameters.account, password: parameters.password, passwordHash: parameters.passwordHash)
        return Nothing()
    }
}
