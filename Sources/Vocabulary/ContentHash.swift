// SPDX-License-Identifier: Apache-2.0

/// A keyed 64-bit hash of a message's content, excluding the header fields `Status`, `X-Status`, `X-UID`, `X-UIDL`,
/// `X-IMAPbase` and `X-Keywords`.
public struct ContentHash: Hashable, Sendable, Codable {
    public var value: Int64

    public init(value: Int64) { self.value = value }
}
