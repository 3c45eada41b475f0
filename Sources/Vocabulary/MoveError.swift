// SPDX-License-Identifier: Apache-2.0

/// Why a call was not carried out, in the contract's own terms.
public struct MoveError: Error, Sendable, Hashable, CustomStringConvertible {
    public var reason: Reason
    /// What happened, to whom, what to do.
    public var detail: String
    /// Seconds, with `tooManyAttempts`.
    public var retryAfter: Int?

    public init(_ reason: Reason, _ detail: String, retryAfter: Int? = nil) {
        self.reason = reason
        self.detail = detail
        self.retryAfter = retryAfter
    }

    public var description: String { "\(reason.rawValue): \(detail)" }
}

/// A parameter that is well-formed and still cannot be taken.
public struct InvalidParameter: Error, Sendable, Hashable, CustomStringConvertible {
    /// Its dotted path, such as `oldServer.host`.
    public var parameter: String
    /// A clause: `must be …`.
    public var detail: String
    public var kind: Kind

    public enum Kind: Sendable { case invalid, weakPassword, unsupportedHash }

    public init(_ parameter: String, _ detail: String, _ kind: Kind = .invalid) {
        self.parameter = parameter
        self.detail = detail
        self.kind = kind
    }

    public var description: String { "\(parameter): \(detail)" }
}
