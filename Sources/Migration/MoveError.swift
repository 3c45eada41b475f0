// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

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
    public var detail: String

    public init(_ parameter: String, _ detail: String) {
        self.parameter = parameter
        self.detail = detail
    }

    public var description: String { "\(parameter): \(detail)" }
}
