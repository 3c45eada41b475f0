// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Ground
import PlatformHashes
import Records
import Secrets
import Statuses
import Vocabulary
import Waiting

/// A login to a platform whose own database decides: whatever needs repair is repaired, and the login is passed on.
extension LoginDesk {
    func passOn(_ login: Login) async throws -> LoginResult {
        // Nobody is asked about a password that cannot exist, or that a program of the platform's has brought.
        guard login.password.isAcceptable, !isFromOwnNetwork(login) else {
            return accepted(try await recordedFacts(of: login.account)).passedOn
        }
        do {
            // The directory may take its time at each of several questions.
            let result = try await withDeadline(seconds: context.limits.loginTimeout + 1) {
                try await self.decide(login)
            }
            guard let result else { throw DirectoryError("the platform's accounts did not answer in time") }
            return result.decision == .unavailable ? result : result.passedOn
        } catch let error as MoveError where error.reason == .tooManyAttempts {
            // The platform counts wrong guesses itself.
            return .passed
        } catch is ChangedThere {
            return .passed
        } catch is DirectoryError {
            return unavailable(try await noteUnreadable(login), .directoryUnavailable)
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
        return !entry.isActive || entry.isExternal || isStrange(entry)
    }

    /// What cannot be verified here is theirs to judge.
    private func isStrange(_ entry: DirectoryEntry) -> Bool {
        guard let hash = entry.hash else { return !directory.comparesPasswords }
        return (try? platformHash(hash)) == nil
    }

    /// Says once that an account's hash cannot be verified, in the background.
    func noteStranger(_ login: Login, _ facts: LoginFacts) {
        guard facts.migrates, let entry = facts.entry, entry.isActive, !entry.isExternal, isStrange(entry) else {
            return
        }
        let isNew = strangers.withLock { strangers in
            if strangers.count > 100_000 { strangers.removeAll() }
            return strangers.insert(login.account).inserted
        }
        guard isNew else { return }
        let event = EventRecord(
            at: context.now(), account: login.account, kind: .hashUnverifiable, via: login.via,
            detail: Self.scheme(of: entry.hash))
        background.submit(login.account, .attempt) {
            do {
                try await self.context.records.append([event])
            } catch {
                self.context.log.error("a change of the account is lost: \(error)", metadata: .about(login.account))
            }
        }
    }

    /// `{SCHEME}`, and nothing of what is behind it.
    static func scheme(of hash: String?) -> String? {
        guard let hash, hash.first == "{", let end = hash.firstIndex(of: "}") else { return nil }
        let scheme = hash[...end]
        let isName = scheme.utf8.dropFirst().dropLast().allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-._".utf8.contains($0)
        }
        return isName && scheme.utf8.count <= 34 ? String(scheme) : nil
    }

    private func isFromOwnNetwork(_ login: Login) -> Bool {
        let networks = context.limits.ownNetworks
        guard !networks.isEmpty, let text = login.remoteAddress, let address = ClientAddress(written: text) else {
            return false
        }
        return networks.contains { address.isInside($0) }
    }

    /// Whether a password that is not the account's own is another secret of it, such as an application password: the
    /// old server is not shown it.
    func opensAnotherWay(_ login: Login, _ facts: LoginFacts) async throws -> Bool {
        guard !directory.decidesLogins, facts.entry != nil else { return false }
        for text in try await directory.others(of: login.account) {
            // What cannot be verified here may be what was given; but the platform alone can tell.
            guard let hash = try? platformHash(text) else { continue }
            if try await pool.verify(login.password, against: hash) { return true }
        }
        return false
    }

    /// Whether the account's own password there is still the one that was taken over. A platform that merely rehashes
    /// it at a login changes nothing.
    func judged(
        _ facts: LoginFacts, _ login: Login, _ digest: PasswordDigest, matches: Bool
    ) async throws -> LoginFacts {
        guard !directory.decidesLogins, matches, let account = facts.account, account.handover == .unchanged,
            facts.entry?.hash != account.passwordHash
        else { return facts }
        if try await isTakenOver(login.password, digest, account) { return facts }
        var facts = facts
        facts.account = try await apply(.changedElsewhere, login, facts) ?? account
        facts.account?.handover = .changedHere
        return facts
    }

    private func isTakenOver(
        _ password: Password, _ digest: PasswordDigest, _ account: AccountRecord
    ) async throws -> Bool {
        let name = "kept:\(account.address)"
        if cache.contains(digest, for: name, hash: account.passwordHash, now: context.uptime()) { return true }
        guard let kept = try? PasswordHash(account.passwordHash), try await pool.verify(password, against: kept) else {
            return false
        }
        remember(digest, as: name, hash: account.passwordHash)
        return true
    }

    /// The directory could not be read: that is what the account's latest attempt has come to.
    func noteUnreadable(_ login: Login) async throws -> LoginFacts {
        await note(.notAsked(.unavailable, .directoryUnavailable), login, try await recordedFacts(of: login.account))
    }
}

extension LoginResult {
    /// Nothing is known about it here, and nothing is told.
    fileprivate static var passed: LoginResult {
        LoginResult(decision: .pass, passwordReplaced: false, status: nil, message: StatusText.decidedElsewhere)
    }

    fileprivate var passedOn: LoginResult {
        var result = self
        // Whether the password is right, the platform says.
        if decision == .reject || message == StatusText.welcome { result.message = StatusText.decidedElsewhere }
        result.decision = .pass
        return result
    }
}
