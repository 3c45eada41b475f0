// SPDX-License-Identifier: Apache-2.0

/// The way of a password through this room:
///
/// 1. It arrives as a ``Password``: guarded, locked memory, zeroed when the last holder lets go.
/// 2. ``HashingPool`` compares it with a ``PasswordHash``, or makes a new one (`crypt(3)`), on threads of its own.
/// 3. ``PasswordDigester`` names it for caches and counters, without keeping it.
/// 4. ``SealKey`` seals it for as long as a move needs it, and opens it again.
///
/// ``KeyedHash`` is for values that are not secret, but must not be chosen by an attacker: identifiers and contents.
public struct SecretsError: Error, Hashable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// A key that is not as long as it has to be.
        case invalidKey
        /// What was sealed under another key or for another context, or was altered.
        case cannotOpen
        /// A password hash of an unsupported scheme.
        case unsupportedHash
        /// A password that is empty, over 511 octets, or holds NUL, CR or LF.
        case unacceptablePassword
        /// More checks are waiting than can be done in time.
        case overloaded
        /// The pool has been shut down.
        case stopped
        /// `crypt(3)` itself failed.
        case hashingFailed
    }

    public let code: Code
    /// What happened, and what to do about it. Never holds a secret.
    public let detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}
