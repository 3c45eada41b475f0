// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// An old mailbox that somebody is logged in to.
public protocol MailboxSession: SourceLine {
    /// What is known of the server's ways; more once ``enter()`` has returned.
    var traits: SourceTraits { get }

    /// Learns what the server can do for this user. Comes before all below.
    func enter() async throws(SourceError)

    /// The folders whose mail is to be moved, numbered from 0. POP3 has one.
    func folders() async throws(SourceError) -> [SourceFolder]

    /// What is in a folder, in the server's order. Numbers go on from folder to folder; none is given twice in a session.
    func list(_ folder: SourceFolder) async throws(SourceError) -> [ListedMessage]

    /// The header of a message, each line ended by LF; nil where the server does not give it.
    func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]?

    /// Fetches messages in the order given. They stream into `sink` as they come; it is told in order of each that is
    /// whole. Those the server refuses are reported and passed over.
    ///
    /// A failure with the code `pipeliningBroken` asks to go on in a new session, one by one, from the first message of
    /// which the sink has not seen the end.
    ///
    /// - Parameter onRefusal: called in order with the sink's calls, with the server's words.
    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError)

    /// Marks messages as deleted; ``SourceLine/leave()`` deletes them.
    /// - Returns: the numbers of those that the server refused.
    func delete(_ messages: [ListedMessage]) async throws(SourceError) -> Set<Int>

    /// What to call a message in front of people, scrubbed like all that the server says.
    func name(of message: ListedMessage) -> String
}

extension MailboxSession {
    public func enter() async throws(SourceError) {}

    public func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]? { nil }

    /// What is in all of these folders, in their order.
    public func list(_ folders: [SourceFolder]) async throws(SourceError) -> [ListedMessage] {
        guard let first = folders.first else { return [] }
        // Its array is taken as it is: it may be of millions.
        var messages = try await list(first)
        for folder in folders.dropFirst() { messages += try await list(folder) }
        return messages
    }
}

/// How messages are fetched.
public struct FetchOptions: Hashable, Sendable {
    /// Nothing is asked for before the message before it is whole. Otherwise as the server bears it.
    public var oneByOne: Bool
    /// What is asked for ahead of what has come comes to no more, but for a single message.
    public var windowOctets: Int

    public init(oneByOne: Bool, windowOctets: Int) {
        self.oneByOne = oneByOne
        self.windowOctets = windowOctets
    }
}

/// A server's ways that whoever moves mail has to heed.
public struct SourceTraits: Hashable, Sendable {
    /// Seconds that the server wants between two logins; nil where it does not say.
    public var loginDelay: Int?
    /// What is fetched is gone over there.
    public var fetchingDeletes: Bool
    /// Whether more than one message may be asked for at a time, if the server bears it.
    public var mayPipeline: Bool
    /// Whether messages may be known by their headers: whether asking for one changes nothing over there.
    public var confirmsByHeader: Bool

    public init(
        loginDelay: Int? = nil, fetchingDeletes: Bool = false, mayPipeline: Bool = true, confirmsByHeader: Bool = true
    ) {
        self.loginDelay = loginDelay
        self.fetchingDeletes = fetchingDeletes
        self.mayPipeline = mayPipeline
        self.confirmsByHeader = confirmsByHeader
    }
}
