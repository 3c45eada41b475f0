// SPDX-License-Identifier: Apache-2.0

package import AccountDirectory
package import Ground
public import Records
package import Runs
public import Secrets
package import Statuses
public import Vocabulary

/// Accounts of the new platform.
public final class AccountDesk: Sendable {
    let context: Context
    let statuses: StatusBoard
    let scheduler: MoveScheduler
    let pool: HashingPool
    let directory: any AccountDirectory

    package init(
        context: Context, statuses: StatusBoard, scheduler: MoveScheduler, pool: HashingPool,
        directory: any AccountDirectory
    ) {
        self.context = context
        self.directory = directory
        self.statuses = statuses
        self.scheduler = scheduler
        self.pool = pool
    }

    /// Whether accounts and passwords are the platform's own.
    public var areElsewhere: Bool { !directory.decidesLogins }

    /// Whether the platform's own could be read the last time.
    public var areAnswering: Bool { directory.isAnswering }

    /// - Throws: ``MoveError`` with `accountsElsewhere`.
    public func checkOwn(_ what: String) throws(MoveError) {
        guard areElsewhere else { return }
        throw MoveError(.accountsElsewhere, "\(what): accounts and passwords are the platform's own (accounts.kind)")
    }

    /// Accounts of `domain`, by address.
    public func list(
        _ domain: DomainName, search: String?, after cursor: EmailAddress?, limit: Int
    ) async throws -> (accounts: [AccountRecord], nextCursor: EmailAddress?) {
        let page = try await context.records.accounts(of: domain, search: search, after: cursor, limit: limit)
        return (page.accounts, page.next)
    }

    /// Deletes accounts, stops their moves, and never touches mail.
    /// - Returns: how many were deleted, and the addresses that had no account.
    public func delete(_ addresses: [EmailAddress]) async throws -> (deleted: Int, notFound: [EmailAddress]) {
        let now = context.now()
        let outcomes = try await context.records.changeEach(addresses.map(AccountKey.address)) { _, facts in
            guard var account = facts.account else { return (nil, ()) }
            account.delete(at: now)
            var effects = AccountEffects(
                account, events: [EventRecord(at: now, account: account.address, kind: .deleted)])
            // The account may be created again after its mail was removed: then what is found is taken as it is.
            effects.mailbox = .takenAsItIs
            return (effects, ())
        }
        let deleted = outcomes.compactMap { try? $0.get().changed }
        let gone = Set(deleted.map(\.address))
        let notFound = zip(addresses, outcomes).filter { address, outcome in
            if case .success((nil, _)) = outcome { !gone.contains(address) } else { false }
        }.map(\.0)
        for account in deleted {
            scheduler.cancel(account.id, .deleted)
            statuses.changed(account)
        }
        // The others are deleted all the same.
        for case .failure(let error) in outcomes { throw error }
        return (deleted.count, notFound)
    }

    /// A user's own change of password: closes the account to hand-over.
    /// - Throws: ``MoveError`` with `accountNotFound` or `accountsElsewhere`; ``InvalidParameter``; `RecordsError`.
    public func setPassword(_ address: EmailAddress, password: Password?, passwordHash: String?) async throws {
        try checkOwn("passwords are not changed here")
        let hash: PasswordHash
        switch (password, passwordHash) {
        case (let password?, nil):
            if let weakness = Self.weakness(of: password, for: address) {
                throw InvalidParameter("password", weakness, .weakPassword)
            }
            hash = try await pool.hash(
                password, scheme: context.limits.passwordScheme, priority: .login)
        case (nil, let text?):
            do throws(SecretsError) {
                hash = try PasswordHash(text)
            } catch {
                throw InvalidParameter("passwordHash", error.detail, .unsupportedHash)
            }
        default: throw InvalidParameter("password", "must be given, or passwordHash, but not both")
        }
        let now = context.now()
        let changed = try await context.records.change(.address(address)) { facts in
            guard var account = facts.account else { return nil }
            account.changePassword(to: hash.stored)
            return AccountEffects(
                account, events: [EventRecord(at: now, account: account.address, kind: .passwordChanged)])
        }
        guard let changed else {
            throw MoveError(.accountNotFound, "there is no account \(address) on the new platform")
        }
        statuses.changed(changed)
    }

    /// What is wrong with a password that somebody chooses here; nil where nothing is.
    static func weakness(of password: Password, for address: EmailAddress) -> String? {
        guard password.isAcceptable else { return "must have 1 to 511 octets and no NUL, CR or LF" }
        return password.withOctets { octets in
            // Characters, not octets: continuation octets of UTF-8 do not count.
            guard octets.lazy.filter({ $0 & 0xC0 != 0x80 }).count >= 8 else { return "must have 8 characters or more" }
            let lowercased = octets.lazy.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
            let isLocalPart =
                lowercased.elementsEqual(address.localPart.utf8) || octets.elementsEqual(address.givenLocalPart.utf8)
            return isLocalPart ? "must not be the part of the address before the @" : nil
        }
    }
}
