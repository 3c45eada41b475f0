// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import Vocabulary

/// A call that was not done: a JSON-RPC error object.
public struct CallFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var code: Int
    /// One sentence, in English.
    public var message: String
    public var data: ErrorData

    /// For a reason of the contract. `interrupted` belongs to statuses; as an error it is the specification's
    /// "internal error".
    public init(_ reason: Reason, detail: String, retryAfter: Int? = nil) {
        self.code = reason.code ?? Self.internalErrorCode
        self.message = reason.text.en
        self.data = ErrorData(
            reason: reason.rawValue, detail: detail, retryable: reason.isRetryable, message: reason.text,
            retryAfter: retryAfter)
    }

    /// For parameters that are wrong.
    public init(_ violation: Violation) {
        self.code = Self.invalidParametersCode
        self.message = "Invalid params: \(violation.description)"
        self.data = ErrorData(
            reason: violation.reason.rawValue, detail: violation.description, retryable: false,
            message: violation.reason.text, parameter: violation.parameter)
    }

    /// JSON-RPC 2.0 §5.1.
    public static let invalidParametersCode = -32602
    public static let internalErrorCode = -32603

    /// As a reply carries it.
    public var rpcError: RPCError { RPCError(code: code, message: message, data: data.json) }

    /// For the log: the code, the reason and the detail.
    public var description: String { "\(data.reason) (\(code)): \(data.detail)" }
}

extension ErrorData {
    /// In the order of the contract.
    var json: JSONValue {
        var members: JSONObject = [
            "reason": .string(reason), "detail": .string(detail), "retryable": .bool(retryable),
            "message": ["en": .string(message.en), "zh-CN": .string(message.zhCN)],
        ]
        if let parameter { members["parameter"] = .string(parameter) }
        if let retryAfter { members["retryAfter"] = .integer(Int64(retryAfter)) }
        return .object(members)
    }
}
