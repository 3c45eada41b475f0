// SPDX-License-Identifier: Apache-2.0

/// Beyond these a server is not believed.
public struct Limits: Hashable, Sendable {
    /// Octets of a response: its lines and all literals that are not the text of a message.
    public var response = 64 << 10
    /// The same of a response that lists numbers (`SEARCH`, `ESEARCH`, `VANISHED`): half a million UIDs.
    public var numbers = 4 << 20
    /// Literals in one response.
    public var literals = 16
    /// Octets of a message, or of a part of one.
    public var message = 4 << 30
    /// Parentheses within parentheses, in values that are skipped.
    public var depth = 16
    /// Entries of a list, other than numbers.
    public var entries = 4096

    public init() {}
}
