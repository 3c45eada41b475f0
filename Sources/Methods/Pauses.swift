// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func pauseAccounts(_ parameters: NamedAccounts) async throws -> PauseReport {
        let given = GivenAddresses(parameters.accounts)
        let outcome = try await move.accounts.pause(given.addresses)
        return PauseReport(changed: outcome.changed, notFound: given.texts(without: outcome.notFound))
    }

    func resumeAccounts(_ parameters: NamedAccounts) async throws -> ResumeReport {
        let given = GivenAddresses(parameters.accounts)
        let outcome = try await move.accounts.resume(given.addresses)
        return ResumeReport(
            changed: outcome.changed, notFound: given.texts(without: outcome.notFound),
            needsLogin: outcome.needsLogin.map(\.description))
    }

    func retryNow(_ parameters: RetryNow) async throws -> RetryReport {
        let outcome: RetryOutcome
        switch (parameters.domain, parameters.accounts) {
        case (let domain?, _): outcome = try await move.accounts.retry(domain)
        case (nil, let accounts?): outcome = try await move.accounts.retry(accounts)
        case (nil, nil): throw Violation("domain", "is missing: give a domain or accounts")
        }
        return RetryReport(queued: outcome.queued, needsLogin: outcome.needsLogin)
    }
}

/// Addresses as they were given, each once. An invalid address has no account either.
struct GivenAddresses {
    private var given: [(text: String, address: EmailAddress?)]

    init(_ texts: [String]) {
        var seen: Set<EmailAddress> = []
        given = texts.map { (text: $0, address: try? EmailAddress($0)) }
            .filter { $0.address.map { seen.insert($0).inserted } ?? true }
    }

    var addresses: [EmailAddress] { given.compactMap(\.address) }

    /// The texts of invalid addresses and of `missing` ones, in the order given.
    func texts(without missing: [EmailAddress]) -> [String] {
        let missing = Set(missing)
        return given.filter { $0.address.map(missing.contains) ?? true }.map(\.text)
    }
}
