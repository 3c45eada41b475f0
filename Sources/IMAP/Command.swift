// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// What is sent (RFC 3501 §6).
///
/// There is no FETCH that marks messages as seen: bodies are only peeked at.
public enum Command: Sendable {
    case capability
    case noop
    case startTLS
    case logout
    /// RFC 2971: names and values. Never empty, since NetEase does not accept that.
    case id([(name: String, value: String)])
    case login(user: String, Password)
    /// - Parameter first: the initial response, before Base64.
    case authenticate(mechanism: String, first: Password?)
    case enable([String])
    case namespace
    case list(ListOptions, pattern: String)
    case lsub(pattern: String)
    case xlist(pattern: String)
    /// Opens a folder and changes nothing there.
    case examine(MailboxName, Resynchronization?)
    case select(MailboxName, Resynchronization?)
    case status(MailboxName, [StatusItem])
    case fetch(UIDSet, [FetchItem], changedSince: UInt64?)
    case search(SearchKey, extended: Bool)
    case store(UIDSet, FlagChange, [Flag])
    /// RFC 4315: only these, not messages that others have flagged.
    case expunge(UIDSet)
    case create(MailboxName, SpecialUse?)
    case delete(MailboxName)
    case subscribe(MailboxName)
    /// What the mailbox that a folder is in may hold (RFC 9208 §4.1.3).
    case quotaRoot(MailboxName)
    /// What one may do in a folder (RFC 4314 §3.5).
    case rights(MailboxName)
    /// One message, or many (RFC 3502).
    case append(MailboxName, [AppendedMessage])
    /// RFC 3691: leaves the folder and changes nothing.
    case unselect
    /// Leaves the folder, and deletes for good what is flagged as deleted, unless it was opened by EXAMINE.
    case close

    public enum ListOptions: Hashable, Sendable {
        case plain
        /// RFC 5258, RFC 6154: what each folder is for, and whether it is subscribed.
        case extended(specialUse: Bool)
    }

    /// RFC 7162: modification sequences, and what has vanished since the folder was last seen.
    public enum Resynchronization: Hashable, Sendable {
        case conditionalStore
        case quick(validity: UInt32, since: UInt64)
    }

    public enum StatusItem: String, Hashable, Sendable {
        case messages = "MESSAGES"
        case uidNext = "UIDNEXT"
        case uidValidity = "UIDVALIDITY"
        case unseen = "UNSEEN"
        case highestModificationSequence = "HIGHESTMODSEQ"
        case octets = "SIZE"
    }

    public enum FetchItem: Hashable, Sendable {
        case uid, flags, date, octets, modificationSequence
        /// What the server calls the message in whatever folder (RFC 8474 §5.1; Gmail's own).
        case emailID, gmailMessageID
        /// The whole message.
        case message
        case header
        case headerFields([String])
        /// A part of the message, which some servers take for all of it.
        case part(from: Int, octets: Int)

        /// Whether the answer holds the text of a message.
        var isText: Bool {
            switch self {
            case .message, .header, .headerFields, .part: true
            case .uid, .flags, .date, .octets, .modificationSequence, .emailID, .gmailMessageID: false
            }
        }
    }

    public enum SearchKey: Hashable, Sendable {
        case all
        case uids(UIDSet)
        case header(name: String, value: String)
    }

    public enum FlagChange: String, Hashable, Sendable {
        case add = "+FLAGS.SILENT"
        case remove = "-FLAGS.SILENT"
        case replace = "FLAGS.SILENT"
    }

    public struct AppendedMessage: Hashable, Sendable {
        public var flags: [Flag]
        public var date: Timestamp?
        /// How many octets follow; their line ends are CRLF.
        public var octets: Int
        /// Whether its header is more than ASCII, which a server that has UTF-8 switched on wants to be told (RFC 6855
        /// §4).
        public var isUTF8: Bool

        public init(flags: [Flag] = [], date: Timestamp? = nil, octets: Int, isUTF8: Bool = false) {
            (self.flags, self.date, self.octets, self.isUTF8) = (flags, date, octets, isUTF8)
        }
    }
}

extension Command {
    /// Whether it may change anything on the server: mail, flags, folders, subscriptions.
    public var changesMailbox: Bool {
        switch self {
        case .capability, .noop, .startTLS, .logout, .id, .login, .authenticate, .enable, .namespace, .list, .lsub,
            .xlist, .examine, .status, .fetch, .search, .unselect, .quotaRoot, .rights:
            false
        // SELECT takes \Recent away from what is new (RFC 3501 §6.3.1).
        case .select, .store, .expunge, .create, .delete, .subscribe, .append, .close: true
        }
    }

    /// Whether it is sent only after all earlier commands are answered, and nothing is sent until it is answered.
    var standsAlone: Bool {
        switch self {
        case .startTLS, .logout, .login, .authenticate, .enable: true
        // RFC 9051 §5.5: if an opening fails, commands after it may apply to the folder that was open before.
        case .examine, .select, .close, .unselect: true
        case .capability, .noop, .id, .namespace, .list, .lsub, .xlist, .status, .fetch, .search, .store, .expunge,
            .create, .delete, .subscribe, .append, .quotaRoot, .rights:
            false
        }
    }

    /// Whether its answers hold the text of messages.
    var asksForText: Bool { if case .fetch(_, let items, _) = self { items.contains(where: \.isText) } else { false } }

    /// Refuses what IMAP cannot carry, before anything is sent.
    func check() throws(IMAPError) {
        func hold(_ condition: Bool, _ what: String) throws(IMAPError) {
            guard condition else { throw IMAPError(.unsendable, "cannot be sent \(what)") }
        }
        switch self {
        case .login(let user, let password):
            try hold(Self.isLine(user.utf8), "a user name with NUL, CR or LF")
            // An empty one may be tried: a server that accepts it lets anybody in.
            try hold(
                password.isAcceptable || password.count == 0, "an overlong password, or one with NUL, CR or LF")
        case .authenticate(let mechanism, _):
            try hold(Self.isAtom(mechanism), "a mechanism of that name")
        case .id(let fields):
            try hold((1...30).contains(fields.count), "an identification of no or over 30 fields")
            for field in fields {
                try hold(
                    Self.isLine(field.name.utf8) && Self.isLine(field.value.utf8), "an identification with line ends")
            }
        case .enable(let names): try hold(!names.isEmpty && names.allSatisfy(Self.isAtom), "such a capability")
        case .list(_, let pattern), .lsub(let pattern), .xlist(let pattern):
            try hold(Self.isLine(pattern.utf8), "a pattern with NUL, CR or LF")
        case .examine(let name, _), .select(let name, _), .create(let name, _), .delete(let name),
            .subscribe(let name), .quotaRoot(let name), .rights(let name):
            try hold(name.isSendable, "a folder name that is empty or has NUL, CR or LF")
        case .status(let name, let items):
            try hold(name.isSendable, "a folder name that is empty or has NUL, CR or LF")
            try hold(!items.isEmpty, "a STATUS of nothing")
        case .append(let name, let messages):
            try hold(name.isSendable, "a folder name that is empty or has NUL, CR or LF")
            try hold(!messages.isEmpty && messages.allSatisfy { $0.octets > 0 }, "a message of no octets")
            try hold(messages.allSatisfy { $0.flags.allSatisfy(\.isSendable) }, "a keyword of that name")
        case .store(let uids, _, let flags):
            try hold(!uids.isEmpty, "a command about no message")
            try hold(flags.allSatisfy(\.isSendable), "a keyword of that name")
        case .expunge(let uids): try hold(!uids.isEmpty, "a command about no message")
        case .fetch(let uids, let items, _):
            try hold(!uids.isEmpty && !items.isEmpty, "a command about no message")
            for case .headerFields(let names) in items {
                try hold(!names.isEmpty && names.allSatisfy(Self.isAtom), "a header field of that name")
            }
            for case .part(let from, let octets) in items { try hold(from >= 0 && octets > 0, "such a part") }
        case .search(.header(let name, let value), _):
            try hold(Self.isAtom(name) && Self.isLine(value.utf8), "such a search")
        case .search(.uids(let uids), _): try hold(!uids.isEmpty, "a command about no message")
        case .search(.all, _), .capability, .noop, .startTLS, .logout, .namespace, .unselect, .close: break
        }
    }

    fileprivate static func isLine(_ octets: some Collection<UInt8>) -> Bool {
        octets.count <= 4096 && octets.allSatisfy { $0 != 0 && $0 != 10 && $0 != 13 }
    }

    private static func isAtom(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 255 && text.utf8.allSatisfy(\.isOfAtom)
    }
}

extension MailboxName {
    /// Whether a command can name the folder. Others can still be listed, in literals.
    public var isSendable: Bool { !octets.isEmpty && Command.isLine(octets) }
}
