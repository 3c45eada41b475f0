// SPDX-License-Identifier: Apache-2.0

/// An error as a reply carries it (JSON-RPC 2.0 §5.1).
public struct RPCError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The specification's own codes are -32768 to -32000.
    public var code: Int

    /// One short sentence.
    public var message: String

    /// More, for programs.
    public var data: JSONValue?

    public init(code: Int, message: String, data: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// -32700: the line is not JSON. `data` may say where.
    public static func parseError(_ detail: String) -> RPCError {
        RPCError(code: -32700, message: "Parse error", data: ["detail": .string(detail)])
    }

    /// -32600: the JSON is not a request.
    public static func invalidRequest(_ detail: String) -> RPCError {
        RPCError(code: -32600, message: "Invalid Request", data: ["detail": .string(detail)])
    }

    /// -32601: there is no such method.
    public static func methodNotFound(_ method: String) -> RPCError {
        RPCError(code: -32601, message: "Method not found", data: ["detail": "there is no method \(method)"])
    }

    /// -32602: a parameter is missing, unknown or wrong; `parameter` is its path, where one is to blame.
    public static func invalidParams(parameter: String?, _ detail: String) -> RPCError {
        var data: JSONObject = ["detail": .string(detail)]
        if let parameter { data["parameter"] = .string(parameter) }
        return RPCError(code: -32602, message: "Invalid params", data: .object(data))
    }

    /// -32603: it is the server's own fault.
    public static let internalError = RPCError(code: -32603, message: "Internal error")

    /// The code, the message, and the detail in `data` where there is one.
    public var description: String {
        "\(message) (\(code))" + (data?["detail"]?.string.map { ": \($0)" } ?? "")
    }

    /// Reads the `error` member of a reply; nil where it is none.
    init?(_ view: JSONView) {
        guard let code = view["code"]?.integer, let message = view["message"]?.string else { return nil }
        self.init(code: Int(code), message: message, data: view["data"].map(JSONValue.init))
    }
}

/// What tells a reply's request (JSON-RPC 2.0 §4): comes back as it was sent.
public enum RPCID: Hashable, Sendable {
    case null
    /// As it stood in the text.
    case number(String)
    case string(String)

    /// The number that clients usually count up.
    public static func number(_ number: some BinaryInteger) -> RPCID { .number("\(number)") }

    /// Nil for anything that cannot be an id.
    public init?(_ view: JSONView) {
        switch view.kind {
        case .null: self = .null
        case .number: self = .number(view.rawNumber ?? "0")
        case .string: self = .string(view.string ?? "")
        case .bool, .array, .object: return nil
        }
    }

    /// Writes it as JSON.
    public func append(to octets: inout [UInt8]) {
        switch self {
        case .null: octets.append(contentsOf: "null".utf8)
        case .number(let text): octets.append(contentsOf: text.utf8)
        case .string(let text): JSONText.append(text, to: &octets)
        }
    }
}
