// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// Where mail comes from: old mail servers, whatever they speak. Nothing above knows a protocol or a socket.
///
/// 1. ``connect(to:timeouts:hiding:)`` reaches a server. It is told of no account yet.
/// 2. ``SourceConnection/check(user:password:)`` logs in once. What comes of it is a ``SourceAnswer``; with a right
///    password, a ``MailboxSession`` that may be gone on in, or be left.
/// 3. ``MailboxSession/enter()`` begins it; ``MailboxSession/folders()`` and ``MailboxSession/list(_:)`` tell what there is.
/// 4. ``MailboxSession/fetch(_:into:_:onRefusal:)`` streams messages into a `MessageSink`.
/// 5. ``MailboxSession/delete(_:)`` and ``SourceLine/leave()`` end it; or ``SourceLine/abort()``, which deletes nothing.
///
/// What goes wrong on the way is a ``SourceError``, which says what may help: asking again, waiting, or nothing. A
/// message is known by its folder, the folder's validity and its own id (``MessageIdentity``).
///
/// What setting a server up needs beside that is an ``OldServerProbe``.
public protocol MailSource: Sendable {
    /// Reaches a server, up to where a login may follow: TLS as the settings have it, and what the server says of itself.
    ///
    /// - Parameter password: taken out of whatever the server says from here on, for it may know it from an earlier
    ///   session.
    func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection

    /// Reads again what it has read once and keeps, such as the certificates that are trusted.
    func reload()
}

extension MailSource {
    public func reload() {}
}

/// A line to an old server. One call at a time; after an error every further call throws. Cancelling the calling task
/// drops it at once.
public protocol SourceLine: Sendable {
    /// Ends it in order. True when the server confirms it, and with it what was to be deleted; false when it does not, or
    /// cannot any more.
    /// - Throws: only when cancelled.
    @discardableResult
    func leave() async throws(SourceError) -> Bool

    /// Drops it: nothing is deleted, and whatever is under way fails as cancelled. From any thread; may be repeated.
    func abort()

    /// The same, and returns when the line is gone.
    func close() async
}

extension SourceLine {
    public func close() async { abort() }
}

/// A line on which nobody is logged in yet.
public protocol SourceConnection: SourceLine {
    /// Whether the password, or a proof of it, has been sent, whatever came of it.
    var hasShownPassword: Bool { get }

    /// Logs in once, to learn whether the password is right, and no more. Sends nothing when `user` or `password` hold
    /// octets that the protocol cannot carry.
    func check(user: String, password: Password) async throws(SourceError) -> SourceAnswer
}

extension SourceConnection {
    /// Logs in, and enters the mailbox where the password is right.
    public func open(user: String, password: Password) async throws(SourceError) -> SourceAnswer {
        let answer = try await check(user: user, password: password)
        if case .accepted(let session) = answer { try await session.enter() }
        return answer
    }
}

/// What an old server says to a user name and a password.
public enum SourceAnswer: Sendable {
    /// The password is right. ``MailboxSession/enter()`` comes next, or the session's end.
    case accepted(any MailboxSession)
    /// It is wrong, or the user is unknown; servers seldom say which. With the server's words, as below.
    case rejected(String)
    /// There is no such user: known from the server's code or wording.
    case noSuchUser(String)
    /// The same will be answered later: in use, too early, or out of order for a while; after so many seconds, where that
    /// can be said. It says nothing of the password.
    case busy(Reason, String, seconds: Int?)
    /// The server takes no login this way, or none at all. For good: by a code that says that another try would change
    /// nothing.
    case failed(Reason, String, isForGood: Bool)
}
