// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// `error.data` of every error that is the product's own, and of `-32602`.
public struct ErrorData: Codable, Hashable, Sendable {
    /// One of ``Vocabulary/Reason`` or of ``Violation/Reason``; a newer daemon may know more.
    public var reason: String
    /// What happened, for the administrator. Never holds a password.
    public var detail: String
    /// Whether the same call may succeed later.
    public var retryable: Bool
    /// For the person concerned.
    public var message: LocalizedText
    /// The way to the parameter that is wrong, such as `oldServer.port`.
    public var parameter: String?
    /// Seconds after which to try again.
    public var retryAfter: Int?

    public init(
        reason: String, detail: String, retryable: Bool, message: LocalizedText, parameter: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.reason = reason
        self.detail = detail
        self.retryable = retryable
        self.message = message
        self.parameter = parameter
        self.retryAfter = retryAfter
    }
}

extension ErrorData: Described {
    public static let schema = Schema.object(
        ObjectSchema(
            "ErrorData", "What an error says of itself.",
            [
                .required("reason", .text, "why, for programs"),
                .required("detail", .text, "what happened, for the administrator"),
                .required("retryable", .boolean, "whether the same call may succeed later"),
                .required("message", LocalizedText.schema, "for the person concerned"),
                .sometimes("parameter", .text, "the way to the parameter that is wrong, such as oldServer.port"),
                .sometimes("retryAfter", .count, "seconds after which to try again"),
            ]))
}
