// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What a verification found, check by check.
public struct OldServerFindings: Sendable {
    public struct Check: Sendable {
        public typealias Name = ServerCheck

        public var name: Name
        public var isOK: Bool
        /// What was found, and what to do about it.
        public var detail: String
        public var milliseconds: Int
    }

    public struct TLS: Sendable {
        public var version: String
        /// nil if unknown.
        public var cipher: String?
        /// Of the certificate's DER form.
        public var sha256: String
        public var isTrusted: Bool
        /// Why it is not.
        public var reason: String?
    }

    public var checks: [Check] = []
    public var greeting: String?
    public var capabilities: [String] = []
    public var mechanisms: [String] = []
    public var tls: TLS?
    public var pipelines = false
    public var hasUIDL = false
    public var hasTOP = false
    /// What the server says it is, and what the names of a user's own folders begin with (IMAP).
    public var id: [String: String] = [:]
    public var namespace: String?
    /// The paths of all the account's folders (IMAP); only if its password was accepted.
    public var folders: [String]?
    /// Only if an account's password was accepted.
    public var mailbox: (messages: Int, octets: Int)?
    public var advice: [String] = []

    public var isOK: Bool { checks.allSatisfy(\.isOK) }
}
