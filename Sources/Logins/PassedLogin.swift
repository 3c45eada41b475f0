// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Records
import Secrets
import Statuses
import Vocabulary

/// A login to a platform whose own database decides: whatever needs repair is repaired, and the login is passed on.
extension LoginDesk {
    func passOn(_ login: Login) async throws -> LoginResult {
        do {
            let result = try await decide(login)
            return result.decision == .unavailable ? result : result.passedOn
        } catch let error as MoveError where error.reason == .tooManyAttempts {
            // The platform counts wrong guesses itself.
            return .passed
        } catch is ChangedThere {
            return .passed
        } catch let error as DirectoryError {
            context.log.error("the platform's accounts cannot be read: \(error)", metadata: .about(login.account))
            return unavailable(nil, .databaseUnavailable)
        }
    }

    /// Whether nobody is asked about the account, whatever the password.
    func isLeftAlone(_ facts: LoginFacts) -> Bool {
        guard !directory.decidesLogins else { return false }
        guard facts.migrates, let settings = facts.settings else { return true }
        guard let entry = facts.entry else {
            // Whom the platform has deleted is not made again.
            return facts.account != nil || !settings.autoCreateAccounts || !directory.canCreate
        }
        // What cannot be verified here is theirs to judge.
        let isStrange = entry.hash.map { (try? PasswordHash($0)) == nil } ?? false
        return !entry.isActive || entry.isExternal || isStrange
    }

    /// Whether the account's own password there is still the one that was taken over. A platform that merely rehashes
    /// it at a login changes nothing.
    func judged(_ facts: LoginFacts, _ login: Login, matches: Bool) async throws -> LoginFacts {
        guard !directory.decidesLogins, matches, let account = facts.account, account.handover == .unchanged,
            facts.entry?.hash != account.passwordHash
        else { return facts }
        let kept = try? PasswordHash(account.passwordHash)
        if let kept, try await pool.verify(login.password, against: kept) { return facts }
        var facts = facts
        facts.account = try await apply(.changedElsewhere, login, facts) ?? account
        facts.account?.handover = .changedHere
        return facts
    }
}

extension LoginResult {
    /// Nothing is known about it here, and nothing is told.
    fileprivate static var passed: LoginResult {
        LoginResult(decision: .pass, passwordReplaced: false, status: nil, message: StatusText.welcome)
    }

    fileprivate var passedOn: LoginResult {
        var result = self
        result.decision = .pass
        return result
    }
}
