// SPDX-License-Identifier: Apache-2.0

/// How long to wait for an old server.
public struct Timeouts: Hashable, Sendable {
    /// For DNS, for the connection, and for the TLS handshake, each.
    public var connect: Duration
    /// For each answer; within a message, for its next octet.
    public var read: Duration

    public init(connect: Duration = .seconds(10), read: Duration = .seconds(60)) {
        self.connect = connect
        self.read = read
    }
}
