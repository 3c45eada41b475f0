// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// Where mail comes from: old mail servers, whatever they speak. Nothing above knows a protocol or a socket.
///
/// 1. ``connect(to:timeouts:hiding:)`` reaches a server. It is told of no account yet.
/// 2. ``SourceConnection/check(user:password:)`` logs in once, which results in a ``SourceAnswer``. With a right
///    password, that holds a ``MailboxSession`` to continue in, or to leave.
/// 3. ``MailboxSession/enter()`` begins the session; ``MailboxSession/folders()`` and ``MailboxSession/list(_:)`` list
///    its contents.
/// 4. ``MailboxSession/fetch(_:into:_:onRefusal:)`` streams messages into a `MessageSink`.
/// 5. ``MailboxSession/delete(_:)`` and ``SourceLine/leave()`` end it; or ``SourceLine/abort()``, which deletes
///    nothing.
///
/// Errors on the way are ``SourceError``s, which say what may help: asking again, waiting, or nothing. A message is
/// identified by its folder, the folder's validity and its own id (``MessageIdentity``).
///
/// Setting up a server needs an ``OldServerProbe`` besides.
public protocol MailSource: Sendable {
    /// Reaches a server, up to the point of a login: TLS according to the settings, and what the server says about
    /// itself.
    ///
    /// - Parameter password: removed from whatever the server says from here on, since it may know the password from an
    ///   earlier session.
    func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection

    /// Reads again what it keeps, such as trusted certificates.
    func reload()
}

extension MailSource {
    public func reload() {}
}

/// A connection to an old server. One call at a time; after an error every further call throws. Cancelling the calling
/// task drops the connection at once.
public protocol SourceLine: Sendable {
    /// Ends it in order. True if the server confirms this, and with it the requested deletions; false if it does not,
    /// or no longer can.
    /// - Throws: only when cancelled.
    @discardableResult
    func leave() async throws(SourceError) -> Bool

    /// Drops it: nothing is deleted, and whatever is under way fails as cancelled. Callable from any thread; may be
    /// repeated.
    func abort()

    /// The same, and returns when the connection is gone.
    func close() async
}

extension SourceLine {
    public func close() async { abort() }
}

/// A connection on which nobody is logged in yet.
public protocol SourceConnection: SourceLine {
    /// Whether the password, or a proof of it, has been sent, whatever the result.
    var hasShownPassword: Bool { get }

    /// Logs in once, only to learn whether the password is right. Sends nothing if `user` or `password` contain octets
    /// that the protocol cannot carry.
    func check(user: String, password: Password) async throws(SourceError) -> SourceAnswer

    /// The same, by a user who may enter others' mailboxes, into that of `owner`: by an authorization identity (RFC 4422
    /// §3.4.1).
    func check(user: String, enteringFor owner: String, password: Password) async throws(SourceError) -> SourceAnswer
}

extension SourceConnection {
    public func check(
        user: String, enteringFor owner: String, password: Password
    ) async throws(SourceError) -> SourceAnswer {
        .failed(.oldServerProtocol, "nobody enters the mailboxes of others by this protocol", isForGood: true)
    }
}

extension SourceConnection {
    /// Logs in, and enters the mailbox if the password is right.
    public func open(user: String, password: Password) async throws(SourceError) -> SourceAnswer {
        let answer = try await check(user: user, password: password)
        if case .accepted(let session) = answer { try await session.enter() }
        return answer
    }
}

/// An old server's answer to a user name and a password.
public enum SourceAnswer: Sendable {
    /// The password is right. ``MailboxSession/enter()`` comes next, or the session's end.
    case accepted(any MailboxSession)
    /// The password is wrong, or the user is unknown; servers seldom say which. With the server's words, as below.
    case rejected(String)
    /// There is no such user: known from the server's code or wording.
    case noSuchUser(String)
    /// Try again later, after this many seconds, if known: the mailbox is in use, the login came too early, or the
    /// server is temporarily out of order. Says nothing about the password.
    case busy(Reason, String, seconds: Int?)
    /// The server accepts no login this way, or none at all. `isForGood`: its code says that another attempt would
    /// change nothing.
    case failed(Reason, String, isForGood: Bool)
}
