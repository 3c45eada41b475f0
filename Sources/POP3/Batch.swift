// SPDX-License-Identifier: Apache-2.0

import MailSession
public import NIOCore

/// Commands that are sent in one write, and the answers expected to them.
public struct Batch: Sendable {
    enum Expectation: Hashable, Sendable {
        /// One line: `+OK` or `-ERR`.
        case status
        /// The same, or `+ ` and a challenge (RFC 5034 §4).
        case challenge
        /// A status line and, after `+OK`, lines up to a lone dot (RFC 1939 §3).
        case lines(LineLimit)
    }

    /// The largest multi-line answer that is believed.
    struct LineLimit: Hashable, Sendable {
        var lines: Int
        var octets: Int

        static let capabilities = LineLimit(lines: 500, octets: 64 << 10)
        static let header = LineLimit(lines: 100_000, octets: 4 << 20)
    }

    /// Commands with their CRLF; empty for the greeting, which comes unasked.
    public private(set) var octets = ByteBuffer()
    private(set) var expectations: [Expectation] = []
    /// Whether the octets are zeroed once they are sent.
    public private(set) var isSecret = false
    /// How long each answer may take, if not the session's read timeout.
    public var patience: TimeAmount?

    /// The greeting.
    public static let greeting: Batch = {
        var batch = Batch()
        batch.expectations = [.status]
        return batch
    }()

    init() {}

    init(_ command: String, expecting expectation: Expectation = .status) {
        add(command, expecting: expectation)
    }

    /// A line that holds a password, a proof, or a user name: its octets are sent unchanged.
    init(secret line: SecretOctets, expecting expectation: Expectation) {
        octets.reserveCapacity(line.count + 2)
        line.withOctets { _ = octets.writeBytes($0) }
        octets.writeStaticString("\r\n")
        expectations = [expectation]
        isSecret = true
    }

    mutating func add(_ command: String, expecting expectation: Expectation = .status) {
        octets.writeString(command)
        octets.writeStaticString("\r\n")
        expectations.append(expectation)
    }
}

/// The answer to one command of a ``Batch``.
public struct Answer: Sendable {
    public var line: StatusLine
    /// The lines of a multi-line answer, unstuffed and ended by LF; empty for others.
    public var body: ByteBuffer
}
