// SPDX-License-Identifier: Apache-2.0

// Choices of the contract that belong to no particular room; each is declared only here.

/// The severity of a finding; the most severe first.
public enum Severity: String, Codable, Sendable, CaseIterable {
    /// Something is wrong: mail does not go where it should, or is missing.
    case error
    /// Should be corrected, but does not prevent anything.
    case warning
    case info
}

/// What to do with a login.
public enum LoginDisposition: String, Codable, Sendable, CaseIterable {
    case accept
    /// The password is wrong.
    case reject
    /// The platform's own account database decides.
    case pass
    /// A temporary failure: never report it as a wrong password.
    case unavailable
}

/// What becomes of a row whose account already exists.
public enum OnExisting: String, Codable, Sendable, CaseIterable { case skip, update, fail }

/// Why a row of accounts was rejected.
public enum RowRejection: String, Codable, Sendable, CaseIterable {
    case invalidAddress, weakPassword, missingPassword, unsupportedHash, exists, duplicateInRequest
    /// A field that is unknown, of the wrong type or out of range; in a file: quotes, a NUL, more fields than the
    /// header has, or an invalid quota.
    case invalidRow
    /// The password is not ASCII, and the file's encoding had to be guessed.
    case encodingUncertain
    /// Accounts are the platform's own: a row is an address alone …
    case accountsElsewhere
    /// … which the platform has to know.
    case notInDirectory
}

/// What an administrator's list of accounts can be sorted by.
public enum LogSort: String, Codable, Sendable, CaseIterable {
    case account, startedAt, status, remaining, lastTriggeredAt
}

/// What a home page offers.
public enum PortalAction: String, Codable, Sendable, CaseIterable {
    /// Ask for the old password.
    case trigger
    /// Show how far it has come.
    case query
}

/// Whether a mailbox of the old server was compared with the one here.
public enum OldMailbox: String, Codable, Sendable, CaseIterable { case compared, notAsked, failed }

/// A step in trying out an old server, in the order in which they are taken.
public enum ServerCheck: String, Codable, Sendable, CaseIterable {
    case resolve, connect, greeting, capabilities, tls, authenticate
    /// The mailbox: by POP3, how much is in it; by IMAP, its folders.
    case mailbox, folders
    /// Names of messages; by IMAP, whether those of POP3 match.
    case uidl, uidlMatch
    case retrieve, rejectsWrongPassword
}

/// A step in trying out a platform's own accounts, in the order in which they are taken.
public enum AccountsCheck: String, Codable, Sendable, CaseIterable {
    case connect, lookup
    /// The form of the account's hash.
    case hash
    case replace, list, flush
}

/// The meaning of a column in a file of accounts.
public enum ColumnMeaning: String, Codable, Sendable, CaseIterable {
    case address
    /// The address without its domain, which has a column of its own.
    case localPart
    case domain, password, passwordHash, displayName, givenName, familyName, quotaOctets
}

/// A host and a port, for people: `mail.example:110`; an IPv6 address is written in brackets.
public struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, without brackets.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
