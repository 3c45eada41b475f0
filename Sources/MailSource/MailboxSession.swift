// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// An old mailbox that somebody is logged in to.
public protocol MailboxSession: SourceLine {
    /// The server's known traits; more once ``enter()`` has returned.
    var traits: SourceTraits { get }

    /// Learns what the server can do for this user. Must precede everything below.
    func enter() async throws(SourceError)

    /// Takes up what `other`, a session of the same mailbox, has listed, so that its messages can be fetched here, too;
    /// false where they cannot.
    func takeUp(_ other: any MailboxSession) -> Bool

    /// All has been listed and fetched: from now on what has come since is shown, too. Only where the traits say that a session
    /// ``SourceTraits/looksAgain``; numbers of messages begin anew.
    func lookAgain() async throws(SourceError)

    /// The folders whose mail is to be moved, numbered from 0. POP3 has one.
    func folders() async throws(SourceError) -> [SourceFolder]

    /// The same, where an administrator decides which folders move, and where to.
    func folders(by rules: FolderRules) async throws(SourceError) -> [SourceFolder]

    /// The messages of a folder, in the server's order. Numbers continue from folder to folder; none is used twice in a
    /// session.
    func list(_ folder: SourceFolder) async throws(SourceError) -> [ListedMessage]

    /// The messages of all these folders, in their order.
    /// - Parameter ahead: whether the server is asked about the next folder before it has told all of the last. If it
    ///   does not bear that, a failure with the code `pipeliningBroken` asks the caller to go without in a new session.
    func list(_ folders: [SourceFolder], ahead: Bool) async throws(SourceError) -> [ListedMessage]

    /// Why nothing can be listed of a folder, in the server's words; nil while nothing is known to prevent it. Its mail
    /// is left behind.
    func refusal(of folder: SourceFolder) -> String?

    /// What has changed in a folder since an earlier session; nil if that cannot be told, and all has to be listed.
    func changes(in folder: SourceFolder, since mark: FolderMark) async throws(SourceError) -> FolderChanges?

    /// What is before a later session's additions to a folder that has been listed in this one; nil if the server does not
    /// say enough, or contradicts itself.
    func mark(of folder: SourceFolder) -> FolderMark?

    /// Keywords of a listed message (RFC 3501 §2.3.2).
    func keywords(of message: ListedMessage) -> [String]

    /// The header of a message, each line ended by LF; nil if the server does not give it.
    func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]?

    /// Fetches messages in the order given. They stream into `sink` as they arrive, which is told, in order, when each
    /// is complete. Those that the server refuses are reported and skipped.
    ///
    /// A failure with the code `pipeliningBroken` asks the caller to continue in a new session, one by one, from the
    /// first message whose end the sink has not seen.
    ///
    /// - Parameter onRefusal: called with the server's words, in order with the calls to `sink`.
    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError)

    /// The numbers of messages that were asked for, and have been deleted over there since they were listed: they are
    /// neither fetched nor refused.
    var vanished: Set<Int> { get }

    /// Marks messages as deleted; ``SourceLine/leave()`` deletes them.
    /// - Returns: the numbers of those that the server refused.
    func delete(_ messages: [ListedMessage]) async throws(SourceError) -> Set<Int>

    /// A name of the message to show to people, scrubbed like everything the server says.
    func name(of message: ListedMessage) -> String
}

extension MailboxSession {
    public func enter() async throws(SourceError) {}

    public func lookAgain() async throws(SourceError) {}

    public func takeUp(_ other: any MailboxSession) -> Bool { false }

    public func folders(by rules: FolderRules) async throws(SourceError) -> [SourceFolder] { try await folders() }

    public func refusal(of folder: SourceFolder) -> String? { nil }

    public func changes(in folder: SourceFolder, since mark: FolderMark) async throws(SourceError) -> FolderChanges? {
        nil
    }

    public func mark(of folder: SourceFolder) -> FolderMark? { folder.mark }

    public func keywords(of message: ListedMessage) -> [String] { [] }

    public func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]? { nil }

    public var vanished: Set<Int> { [] }

    public func list(_ folders: [SourceFolder]) async throws(SourceError) -> [ListedMessage] {
        try await list(folders, ahead: false)
    }

    public func list(_ folders: [SourceFolder], ahead: Bool) async throws(SourceError) -> [ListedMessage] {
        try await listInTurn(folders)
    }

    /// One folder after the other.
    public func listInTurn(_ folders: [SourceFolder]) async throws(SourceError) -> [ListedMessage] {
        guard let first = folders.first else { return [] }
        // The first array is reused as it is, since it may have millions of elements.
        var messages = try await list(first)
        for folder in folders.dropFirst() { messages += try await list(folder) }
        return messages
    }
}

/// How messages are fetched.
public struct FetchOptions: Sendable {
    /// Whether a message is requested only when the previous one is complete. Otherwise, whatever the server can take.
    public var oneByOne: Bool
    /// Whether the next folder may be opened before all of one has come, if messages are not requested one by one.
    public var opensAhead = true
    /// The most octets that are requested and not yet received, unless a single message is larger.
    public var windowOctets: Int
    /// Asked before each request, on any thread, and must not block. Once it says no, nothing more is requested, and
    /// the fetch ends in order with what was.
    public var goesOn: @Sendable () -> Bool

    public init(oneByOne: Bool, windowOctets: Int, goesOn: @escaping @Sendable () -> Bool = { true }) {
        self.oneByOne = oneByOne
        self.windowOctets = windowOctets
        self.goesOn = goesOn
    }
}

/// A server's traits that matter for moving mail.
public struct SourceTraits: Hashable, Sendable {
    /// Seconds that the server wants between two logins; nil if it does not say.
    public var loginDelay: Int?
    /// Whether fetching a message deletes it on the server.
    public var fetchingDeletes: Bool
    /// Whether several messages may be requested at once, if the server can take it.
    public var mayPipeline: Bool
    /// Whether messages may be recognised by their headers, because asking for one changes nothing on the server.
    public var confirmsByHeader: Bool
    /// Whether single messages can be deleted. If not, none is.
    public var canDelete: Bool
    /// Whether messages' ids are those by which POP3 clients know them.
    public var idsAreUIDLs: Bool
    /// Whether a mailbox may be open in several sessions at once.
    public var opensOften: Bool
    /// Whether a session may show what has come since it began.
    public var looksAgain: Bool

    public init(
        loginDelay: Int? = nil, fetchingDeletes: Bool = false, mayPipeline: Bool = true, confirmsByHeader: Bool = true,
        canDelete: Bool = true, idsAreUIDLs: Bool = true, opensOften: Bool = false, looksAgain: Bool = false
    ) {
        self.loginDelay = loginDelay
        self.fetchingDeletes = fetchingDeletes
        self.mayPipeline = mayPipeline
        self.confirmsByHeader = confirmsByHeader
        self.canDelete = canDelete
        self.idsAreUIDLs = idsAreUIDLs
        self.opensOften = opensOften
        self.looksAgain = looksAgain
    }
}
