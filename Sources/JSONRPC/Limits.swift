// SPDX-License-Identifier: Apache-2.0

public import JSONWire

/// What clients may cost.
public struct Limits: Sendable {
    /// The longest line, in octets.
    public var lineOctets = 16_777_216

    /// Clients at once, over all sockets.
    public var connections = 1024

    /// Requests of one connection in progress at once.
    public var requestsInHand = 256

    /// The most requests in a batch.
    public var batchMembers = 10_000

    /// The most octets a batch's reply may have; members beyond are answered with `overloaded`.
    public var batchReplyOctets = 16_777_216

    /// What cancelled requests have for their replies when the server stops.
    public var farewell = Duration.seconds(1)

    /// Subscriptions of one connection at once.
    public var subscriptions = 4096

    /// Replies one connection has not read, in octets, beyond which its requests wait.
    public var unsentOctets = 1_048_576

    /// The same over all connections; beyond it, each may have only a sixteenth of its own.
    public var unsentOctetsOfAll = 67_108_864

    /// Memory for long lines, over all connections, in octets; it is never less than two of the longest lines.
    public var inboundOctetsOfAll = 67_108_864

    /// How long a line holding such memory may make no progress while others wait for memory.
    public var stall = Duration.seconds(5)

    public init() {}
}

/// What the server itself has to say; the words are the owner's.
public struct ServerErrors: Sendable {
    /// More than the limits allow.
    public var overloaded = RPCError(
        code: -32003, message: "overloaded", data: ["reason": "overloaded", "retryable": true])

    /// The server is about to end.
    public var shuttingDown = RPCError(
        code: -32004, message: "shutting down", data: ["reason": "shuttingDown", "retryable": true])

    public init() {}
}
