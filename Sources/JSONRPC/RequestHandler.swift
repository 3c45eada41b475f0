// SPDX-License-Identifier: Apache-2.0

public import JSONWire

/// What answers requests: the one place that knows methods.
public protocol RequestHandler<Role>: Sendable {
    /// What the client of a socket may be.
    associatedtype Role: Sendable & Hashable

    /// Answers a request. A thrown `RPCError` is the reply; any other error is logged, and the client only learns of an
    /// internal error. A notification's answer is dropped.
    ///
    /// Runs on the cooperative pool, concurrently with other requests of the same connection. It continues if the
    /// connection breaks, and is cancelled only after the server was told to stop and the grace period is over.
    func handle(_ call: Call<Role>) async throws -> Answer

    /// Answers at once if that requires neither waiting nor long computation; otherwise returns nil and leaves it to
    /// `handle`.
    ///
    /// Runs on the event loop, which must not be blocked: it saves two thread switches.
    func answerAtOnce(_ call: Call<Role>) throws -> Answer?
}

extension RequestHandler {
    public func answerAtOnce(_ call: Call<Role>) throws -> Answer? { nil }
}

/// A request as a handler sees it.
public struct Call<Role: Sendable & Hashable>: Sendable {
    public var method: String

    /// An object (by name), an array (by position), or nil. Its octets are overwritten when the last view on the
    /// request is gone.
    public var params: JSONView?

    /// The role of the socket it came by.
    public var role: Role

    /// Who asks.
    public var peer: Peer

    /// Whether nobody waits for an answer.
    public var isNotification: Bool
}

/// What a request is answered with.
public struct Answer: Sendable {
    /// The result as JSON text.
    public var result: [UInt8]

    /// What begins once the result has been sent.
    public var subscription: Subscription?

    /// A result that is already encoded, perhaps once for many.
    public init(encoded result: [UInt8], subscription: Subscription? = nil) {
        self.result = result
        self.subscription = subscription
    }

    /// Encodes a result. Errors: `JSONError`.
    public init(_ result: some Encodable, subscription: Subscription? = nil) throws(JSONError) {
        self.init(encoded: try JSONText.encode(result), subscription: subscription)
    }
}

/// A task that notifies a client, starting after the reply that began it, until the connection closes, it is cancelled
/// (`Peer.cancelSubscriptions`), or another of the same key replaces it.
public struct Subscription: Sendable {
    /// What it is about; a connection has one per key.
    public var key: String

    /// Its work; it ends soon after its task is cancelled.
    public var run: @Sendable (Peer) async -> Void

    /// Called instead of `run` if it is not run after all.
    public var drop: @Sendable () -> Void

    public init(
        key: String, run: @escaping @Sendable (Peer) async -> Void, drop: @escaping @Sendable () -> Void = {}
    ) {
        self.key = key
        self.run = run
        self.drop = drop
    }
}

/// The client at the other end of a connection.
public struct Peer: Sendable {
    let outbound: Outbound
    let subscriptions: Subscriptions

    /// Sends a notification whose parameters are JSON text. Waits while the client does not read, so that the next
    /// message can be newer; false if it has disconnected, or the task is cancelled.
    public func notify(method: String, encodedParams: [UInt8]) async -> Bool {
        guard await outbound.hasRoom() else { return false }
        return outbound.append(line: RPCText.notification(method: method, encodedParams: encodedParams))
    }

    /// Sends a notification; as above. Errors: `JSONError`.
    public func notify(method: String, params: some Encodable) async throws -> Bool {
        await notify(method: method, encodedParams: try JSONText.encode(params))
    }

    /// Whether the connection has not been told about `subject`, by any subscription, for this long; it counts as told
    /// now.
    public func isDue(_ subject: String, every interval: Duration) -> Bool {
        subscriptions.isDue(subject, every: interval)
    }

    /// Ends all subscriptions of this connection; how many there were.
    @discardableResult
    public func cancelSubscriptions() -> Int { subscriptions.cancelAll() }

    /// Ends the subscription of a key; false if there was none.
    @discardableResult
    public func cancelSubscription(key: String) -> Bool { subscriptions.cancel(key: key) }
}
