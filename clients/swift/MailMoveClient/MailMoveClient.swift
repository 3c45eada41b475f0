// SPDX-License-Identifier: Apache-2.0

import Glibc
@_exported public import MailMoveAPI
public import NIOCore
public import NIOPosix
@_exported public import Secrets
@_exported public import Vocabulary

/// Calls `mailmoved` over its Unix socket.
///
/// One client serves a whole program: any number of calls at once share its connection, which is opened when the
/// first needs it, and again when the daemon has restarted. A webmail's login:
///
/// ```swift
/// let mailmove = MailMoveClient(socketPath: "/run/mailmove/login.sock", timeout: .seconds(10))
///
/// func logIn(_ user: String, _ password: String, from address: String) async throws -> Page {
///     let answer: LoginDecision
///     do {
///         answer = try await mailmove.authenticate(
///             account: user, password: Password(password), via: .webmail, remoteAddress: address)
///     } catch let error as MailMoveError where error.isRetryable {
///         return .tryAgainLater(error.message)           // never: "wrong password"
///     } catch let error as MailMoveError where error.parameter == "account" {
///         return .wrongPassword                          // what was typed is no address
///     }
///     switch answer.decision {
///     case .accept: return .mailbox(of: user, banner: answer.migration?.portal)
///     case .reject: return .wrongPassword
///     case .pass: return .askThePlatform             // its own database decides, and has been repaired
///     case .unavailable: return .tryAgainLater(answer.message)
///     }
/// }
/// ```
public actor MailMoveClient {
    /// `MAILMOVE_SOCKET`, else the admin's socket.
    public static var defaultSocketPath: String {
        getenv("MAILMOVE_SOCKET").map { String(cString: $0) } ?? "/run/mailmove/admin.sock"
    }

    private let path: String
    private let timeout: Duration
    private let patience: Duration
    private let group: any EventLoopGroup
    private var current: Connection?
    private var opening: EventLoopFuture<Connection>?
    private var isClosed = false

    /// Does not connect yet.
    ///
    /// - Parameters:
    ///   - socketPath: the daemon's socket; ``defaultSocketPath`` where it is nil.
    ///   - timeout: how long a call may take in all; `verifyOldServer`, which takes as long as the old server does, has
    ///     two minutes.
    ///   - patience: how long a call waits for a daemon that is not there, for example because it is restarting. Under
    ///     systemd nobody ever waits here, because the socket stays.
    ///   - group: where input and output is done; NIO's shared one unless given.
    public init(
        socketPath: String? = nil, timeout: Duration = .seconds(60), patience: Duration = .seconds(5),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.path = socketPath ?? Self.defaultSocketPath
        self.timeout = timeout
        self.patience = patience
        self.group = group
    }

    deinit { current?.close() }

    /// Closes the connection; calls under way, and later ones, fail.
    public func close() {
        isClosed = true
        current?.close()
        current = nil
    }

    /// Calls any method of the contract.
    ///
    /// An idempotent call (its `isIdempotent`) is repeated once if the connection breaks; any call
    /// that the daemon declines because it is stopping is sent again to its successor.
    ///
    /// - Throws: ``MailMoveError``; `CancellationError` when the task is cancelled.
    public func call<M: Method>(
        _ method: M, _ parameters: M.Parameters, timeout: Duration? = nil
    ) async throws -> M.Result {
        let deadline = ContinuousClock.now + (timeout ?? self.timeout)
        var backoff = Backoff()
        var mayRepeat = method.isIdempotent
        while true {
            let connection = try await connection(until: deadline)
            do {
                return try await connection.call(method, parameters, within: deadline - .now)
            } catch let error as MailMoveError {
                if isClosed { throw Self.closedError }
                switch error.code {
                case .connectionLost where mayRepeat: mayRepeat = false
                case .refused where error.reason == .shuttingDown: discard(connection)
                default: throw error
                }
                guard try await rest(&backoff, until: deadline) else { throw error }
            }
        }
    }

    // MARK: Connection

    /// The connection, opened if necessary. Waits for a missing daemon as long as the client's patience lasts.
    private func connection(until deadline: ContinuousClock.Instant) async throws -> Connection {
        let deadline = min(deadline, .now + patience)
        var backoff = Backoff()
        while true {
            guard !isClosed else { throw Self.closedError }
            if let current, current.isOpen { return current }
            do {
                return try await open()
            } catch let error as MailMoveError where error.code == .daemonUnreachable {
                guard try await rest(&backoff, until: deadline) else { throw error }
            }
        }
    }

    /// Opens the one connection, however many ask for it at once.
    private func open() async throws -> Connection {
        if let opening { return try await opening.get() }
        let opening = Connection.open(path, on: group)
        self.opening = opening
        defer { self.opening = nil }
        let connection = try await opening.get()
        guard !isClosed else {
            connection.close()
            throw Self.closedError
        }
        current = connection
        return connection
    }

    /// New calls go elsewhere; those under way still get their replies.
    private func discard(_ connection: Connection) {
        if current === connection { current = nil }
    }

    /// Pauses before the next attempt; false if the time is up.
    private func rest(_ backoff: inout Backoff, until deadline: ContinuousClock.Instant) async throws -> Bool {
        let pause = backoff.pause()
        guard .now + pause < deadline else { return false }
        try await Task.sleep(for: pause)
        return true
    }

    private static let closedError = MailMoveError(.closed, "the client was closed")

    // MARK: Watching

    /// A connection of its own for a watcher.
    nonisolated func watch(_ target: WatchStatus) -> Subscription {
        Subscription(target, path: path, group: group, timeout: timeout, patience: patience)
    }
}
