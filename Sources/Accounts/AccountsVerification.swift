// SPDX-License-Identifier: Apache-2.0

package import AccountDirectory
package import Ground
import PlatformHashes
import Records
package import Secrets
public import Vocabulary

/// Tries the platform's own accounts, and changes nothing there.
public struct AccountsVerification: Sendable {
    /// A step, and what came of it.
    public struct Check: Sendable, Hashable {
        public var name: AccountsCheck
        public var isOK: Bool
        public var detail: String
    }

    private let context: Context
    private let directory: any AccountDirectory
    private let pool: HashingPool

    package init(context: Context, directory: any AccountDirectory, pool: HashingPool) {
        self.context = context
        self.pool = pool
        self.directory = directory
    }

    /// - Parameter account: whose entry is looked up; nil: the first of those that are known.
    /// - Throws: `RecordsError`.
    public func verify(_ account: EmailAddress?) async throws -> [Check] {
        guard !directory.decidesLogins else {
            return [Check(name: .connect, isOK: true, detail: "accounts are kept here (accounts.kind is builtin)")]
        }
        var checks: [Check] = []
        guard
            await passes(
                .connect, &checks,
                { () throws(DirectoryError) in
                    try await directory.connect()
                    return (true, "the platform's accounts answer")
                })
        else { return checks }
        let domains = try await domains(account)
        let account = if let account { account } else { await anybody(of: domains) }
        var entry: DirectoryEntry?
        await passes(.lookup, &checks) { () throws(DirectoryError) in
            guard let account else {
                if let nobody = Self.nobody { _ = try await directory.lookup(nobody, recorded: nil) }
                return (true, "it finds nobody where there is nobody; name an account to see more")
            }
            entry = try await directory.lookup(account, recorded: nil)
            guard let entry else { return (false, "the platform has no \(account)") }
            return (true, Self.text(of: entry, account))
        }
        if let account, let entry { await verify(entry, of: account, &checks) }
        await verifyLists(of: domains, &checks)
        await passes(.flush, &checks) { () throws(DirectoryError) in
            guard let account else { return (true, "not tried without an account") }
            return switch try await directory.tryFlush(account) {
            case .done: (true, "the caches have forgotten \(account)")
            case .notConfigured: (true, "accounts.flush is not set: nothing is told when a password was replaced")
            }
        }
        return checks
    }

    @discardableResult
    private func passes(
        _ name: AccountsCheck, _ checks: inout [Check],
        _ check: () async throws(DirectoryError) -> (Bool, String)
    ) async -> Bool {
        do throws(DirectoryError) {
            let (isOK, detail) = try await check()
            checks.append(Check(name: name, isOK: isOK, detail: detail))
            return isOK
        } catch {
            checks.append(Check(name: name, isOK: false, detail: error.detail))
            return false
        }
    }

    private func verify(
        _ entry: DirectoryEntry, of account: EmailAddress, _ checks: inout [Check]
    ) async {
        await passes(.hash, &checks) { () throws(DirectoryError) in
            guard let hash = entry.hash else {
                if entry.isExternal { return (true, "it has none: its password is checked elsewhere") }
                return directory.comparesPasswords
                    ? (true, "the platform gives none, and compares passwords itself")
                    : (false, "it has none, so its logins are passed on as they are")
            }
            guard (try? PlatformHash(hash, orPlain: directory.style == .plain)) != nil else {
                return (
                    false,
                    "it is of a form that cannot be verified here, so that the account's logins are passed on as they are"
                )
            }
            return (true, "it is of a form that can be verified here")
        }
        await passes(.replace, &checks) { () throws(DirectoryError) in
            guard entry.isActive, !entry.isExternal, let hash = entry.hash else {
                return (true, "not tried: nothing is replaced of this account")
            }
            let sample = try await sample()
            return switch try await directory.tryReplacement(of: account, standing: hash, by: sample) {
            case .sound: (true, "it replaces the hash that it should, and no other; all was taken back")
            case .soundSoFar:
                (true, "it replaces no other hash; more was not tried, since it could not be taken back there")
            case .impossible: (true, "not tried: nothing could be taken back there")
            case .faulty(let why): (false, why)
            }
        }
    }

    /// A hash as it would be written, of a password that nobody has.
    private func sample() async throws(DirectoryError) -> String {
        let (style, scheme) = (directory.style, context.limits.passwordScheme)
        do {
            return try await pool.compute {
                try style?.make(.random(), crypt: scheme) ?? scheme.make(.random()).stored
            }
        } catch {
            throw DirectoryError("no hash can be made at the moment: \(error)")
        }
    }

    private func verifyLists(of domains: [DomainName], _ checks: inout [Check]) async {
        await passes(.list, &checks) { () throws(DirectoryError) in
            guard let first = domains.first else { return (true, "not tried: no migration is enabled") }
            var counts: [String] = []
            for domain in domains {
                counts.append("\(try await directory.list(domain, after: nil, limit: .max).count) of \(domain)")
            }
            if counts.allSatisfy({ $0.hasPrefix("0 ") }) {
                return (true, "it lists nobody of \(first); accounts are taken in by their logins")
            }
            return (true, "it lists accounts: \(counts.joined(separator: ", "))")
        }
    }

    private static func text(of entry: DirectoryEntry, _ account: EmailAddress) -> String {
        if entry.isExternal { return "\(account) is there, and its password is checked elsewhere" }
        return entry.isActive ? "\(account) is there" : "\(account) is there, and is not active"
    }

    /// The account's, or those whose window is open; no more than a few.
    private func domains(_ account: EmailAddress?) async throws -> [DomainName] {
        if let account { return [account.domain] }
        let now = context.now()
        return try await context.records.allSettings().filter { $0.state(at: now) == .active }.prefix(5)
            .compactMap { try? DomainName($0.domain) }
    }

    private func anybody(of domains: [DomainName]) async -> EmailAddress? {
        for domain in domains {
            if let first = try? await directory.list(domain, after: nil, limit: 1).first { return first.address }
            let known = try? await context.records.accounts(of: domain, search: nil, after: nil, limit: 1)
            if let first = known?.accounts.first { return first.address }
        }
        return nil
    }

    /// RFC 2606 §2; nil if that is no address any more.
    private static let nobody = try? EmailAddress("nobody@mailmove.invalid")
}
