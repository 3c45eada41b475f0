// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
import DirectoryConnections
public import Secrets
public import Vocabulary

/// A platform's accounts in an LDAP directory, by libldap.
///
/// A hash is a value of ``LDAPSettings/passwordAttribute``; where there are several, the account's own is the one that was
/// written here, else the first, and the others are further secrets of it. It is replaced by one modify that deletes the old value and adds the new, which
/// fails as a whole where the old one is gone (RFC 4511 §4.6). TLS is trusted as ldap.conf(5) says.
public struct LDAPDirectory: AccountDirectory {
    private let settings: LDAPSettings
    private let pool: ConnectionPool<LDAPConnection>

    /// When a password policy saw its last change (draft-behera-ldap-password-policy).
    private static let changed = "pwdChangedTime"

    /// Does not connect yet.
    /// - Throws: `DirectoryError` where the library is not there, or the settings make no sense.
    public init(_ settings: LDAPSettings) throws(DirectoryError) {
        if settings.bindDN == nil, !settings.url.hasPrefix("ldapi:") {
            throw DirectoryError("accounts.ldap.bindDN is missing: only ldapi:// knows who asks without it")
        }
        if settings.bindDN != nil, settings.password == nil {
            throw DirectoryError(
                "the password of accounts.ldap.bindDN is missing: give the credential accounts-password or accounts.passwordFile"
            )
        }
        self.settings = settings
        do throws(ConnectionFailure) {
            let library = try LDAPLibrary()
            let subject = "LDAP at \(settings.url)"
            pool = ConnectionPool(
                to: subject, count: settings.connections, seconds: settings.seconds, isUsable: { $0.isUsable }
            ) { () throws(ConnectionFailure) in try LDAPConnection(library, settings, subject: subject) }
        } catch {
            throw DirectoryError(error.description)
        }
    }

    public var decidesLogins: Bool { false }
    public var canCreate: Bool { false }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        let settings = settings
        return try await ask { connection throws(ConnectionFailure) in
            guard let found = try Self.find(address, settings, connection) else { return nil }
            var isExternal = false
            if let filter = settings.externalFilter {
                let filter = LDAPFilter(filter, address).text
                isExternal = try !connection.search(found.name, onlyThere: true, filter, ["1.1"]).isEmpty
            }
            return DirectoryEntry(
                hash: Self.own(found.values[settings.passwordAttribute] ?? [], recorded), isExternal: isExternal,
                displayName: found.values[settings.nameAttribute]?.first,
                changedAt: found.values[Self.changed]?.first.flatMap { Timestamp(generalizedTime: $0) })
        }
    }

    /// Of several, the one that is known to be the account's own.
    private static func own(_ values: [String], _ recorded: DirectoryEntry?) -> String? {
        values.first { $0 == recorded?.hash } ?? values.first
    }

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        throw DirectoryError(
            "\(address) has no \(settings.passwordAttribute) that \(settings.bindDN ?? "this user") may read")
    }

    public func others(of address: EmailAddress) async throws(DirectoryError) -> [String] {
        let settings = settings
        return try await ask { connection throws(ConnectionFailure) in
            let values = try Self.find(address, settings, connection)?.values[settings.passwordAttribute] ?? []
            return values.count > 1 ? values : []
        }
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        let settings = settings
        return try await ask { connection throws(ConnectionFailure) in
            guard let found = try Self.find(address, settings, connection) else { return .absent }
            guard let expected else { return .changed }
            switch try connection.exchange(settings.passwordAttribute, of: found.name, expected, for: hash) {
            case .done: return .replaced
            case .otherValue: return .changed
            case .absent: return .absent
            }
        }
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        throw DirectoryError("accounts are not created in LDAP")
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        let settings = settings
        guard let attribute = settings.listedAttribute else {
            throw DirectoryError(
                "accounts.ldap.listFilter must have a part such as (mail=*@%d), whose attribute holds addresses")
        }
        let accounts = try await ask(outlastsSilence: true) { connection throws(ConnectionFailure) in
            let filter = LDAPFilter(settings.listFilter, domain).text
            return try connection.search(settings.base, filter, [attribute, settings.nameAttribute])
                .compactMap { entry -> DirectoryAccount? in
                    let addresses = (entry.values[attribute] ?? []).compactMap { try? EmailAddress($0) }
                    return addresses.first { $0.domain == domain }.map {
                        DirectoryAccount(address: $0, displayName: entry.values[settings.nameAttribute]?.first)
                    }
                }
        }
        let sorted = accounts.sorted { $0.address < $1.address }
        return Array(sorted.drop { account in cursor.map { account.address <= $0 } ?? false }.prefix(limit))
    }

    public func connect() async throws(DirectoryError) {
        let settings = settings
        try await ask(outlastsSilence: true) { connection throws(ConnectionFailure) in
            _ = try connection.search(settings.base, onlyThere: true, "(objectClass=*)", ["1.1"])
        }
    }

    /// Nothing can be taken back, but a modify whose old value is wrong changes nothing.
    public func tryReplacement(
        of address: EmailAddress, standing hash: String, by sample: String
    ) async throws(DirectoryError) -> ReplacementTrial {
        let settings = settings
        return try await ask(outlastsSilence: true) { connection throws(ConnectionFailure) in
            guard let found = try Self.find(address, settings, connection) else {
                return .faulty("the account is gone")
            }
            switch try connection.exchange(settings.passwordAttribute, of: found.name, hash + "?", for: hash) {
            case .otherValue: return .soundSoFar
            case .done:
                return .faulty("a modify with another old value was taken: newer passwords would be overwritten")
            case .absent: return .faulty("the account is gone")
            }
        }
    }

    /// The account's entry; of several, the one with this address, letter by letter.
    private static func find(
        _ address: EmailAddress, _ settings: LDAPSettings, _ connection: LDAPConnection
    ) throws(ConnectionFailure) -> LDAPEntry? {
        let holder = settings.addressAttribute
        let found = try connection.search(
            settings.base, LDAPFilter(settings.filter, address).text,
            [settings.passwordAttribute, settings.nameAttribute, changed] + (holder.map { [$0] } ?? []))
        let own = found.filter { entry in
            guard let holder else { return true }
            return (entry.values[holder] ?? []).contains { (try? EmailAddress($0)) == address }
        }
        guard own.count < 2 else {
            throw ConnectionFailure("accounts.ldap.filter finds \(own.count) entries for \(address); which is meant?")
        }
        return own.first
    }

    private func ask<Answer: Sendable>(
        outlastsSilence: Bool = false,
        _ question: @escaping @Sendable (LDAPConnection) throws(ConnectionFailure) -> Answer
    ) async throws(DirectoryError) -> Answer {
        do throws(ConnectionFailure) {
            return try await pool.run(outlastsSilence: outlastsSilence, question)
        } catch {
            throw DirectoryError(error.description)
        }
    }
}

extension Timestamp {
    /// RFC 4517 §3.3.13, as servers write it: `20261130140500Z`, with or without decimals.
    init?(generalizedTime text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard digits.count == 14, text.last == "Z" else { return nil }
        let parts = Array(digits)
        func part(_ range: Range<Int>) -> String { String(parts[range]) }
        self.init(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z")
    }
}
