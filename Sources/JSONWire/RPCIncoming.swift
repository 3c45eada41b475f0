// SPDX-License-Identifier: Apache-2.0

/// What a server has sent, as a client reads it.
public enum RPCIncoming: Sendable {
    /// The answer to the request with this id.
    case reply(RPCID, Result<JSONView, RPCError>)

    /// Something the server says by itself.
    case notification(method: String, params: JSONView?)

    /// Reads a line: one message, or those of a batch. Errors: `JSONError`, for what is not JSON-RPC 2.0.
    public static func read(line: WipedOctets) throws(JSONError) -> [RPCIncoming] {
        let root = try JSONDocument(line).root
        guard root.kind == .array else { return [try RPCIncoming(root)] }
        var messages: [RPCIncoming] = []
        for view in root.elements { messages.append(try RPCIncoming(view)) }
        return messages
    }

    private init(_ view: JSONView) throws(JSONError) {
        guard view["jsonrpc"]?.isString("2.0") == true else {
            throw JSONError(.invalidValue, path: "jsonrpc", detail: "is not \"2.0\"")
        }
        if let method = view["method"]?.string {
            self = .notification(method: method, params: view["params"])
        } else if let id = view["id"].flatMap(RPCID.init) {
            if let result = view["result"], view["error"] == nil {
                self = .reply(id, .success(result))
            } else if let error = view["error"].flatMap(RPCError.init) {
                self = .reply(id, .failure(error))
            } else {
                throw JSONError(.invalidValue, detail: "neither a result nor an error")
            }
        } else {
            throw JSONError(.invalidValue, detail: "neither a reply nor a notification")
        }
    }
}

/// Messages written as JSON, without the LF that ends a line.
public enum RPCText {
    /// A request, or with a nil id a notification.
    public static func request(id: RPCID?, method: String, params: some Encodable) throws(JSONError) -> [UInt8] {
        var octets = opening(id: id, method: method)
        octets.append(contentsOf: #","params":"#.utf8)
        try JSONText.encode(params, into: &octets)
        octets.append(UInt8(ascii: "}"))
        return octets
    }

    /// A request without parameters, or with a nil id a notification.
    public static func request(id: RPCID?, method: String) -> [UInt8] {
        opening(id: id, method: method) + [UInt8(ascii: "}")]
    }

    /// A notification whose parameters are encoded already.
    public static func notification(method: String, encodedParams: some Collection<UInt8>) -> [UInt8] {
        var octets = opening(id: nil, method: method)
        octets.append(contentsOf: #","params":"#.utf8)
        octets.append(contentsOf: encodedParams)
        octets.append(UInt8(ascii: "}"))
        return octets
    }

    /// All of a reply up to its result; behind that only `}` is missing.
    public static func replyOpening(id: RPCID) -> [UInt8] {
        var octets = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        id.append(to: &octets)
        octets.append(contentsOf: #","result":"#.utf8)
        return octets
    }

    /// A reply that is an error.
    public static func reply(id: RPCID, error: RPCError) -> [UInt8] {
        var octets = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
        id.append(to: &octets)
        octets.append(contentsOf: #","error":{"code":"#.utf8)
        JSONText.append(error.code, to: &octets)
        octets.append(contentsOf: #","message":"#.utf8)
        JSONText.append(error.message, to: &octets)
        if let data = error.data, let encoded = try? JSONText.encode(data) {  // absence: data with a NaN in it
            octets.append(contentsOf: #","data":"#.utf8)
            octets.append(contentsOf: encoded)
        }
        octets.append(contentsOf: "}}".utf8)
        return octets
    }

    private static func opening(id: RPCID?, method: String) -> [UInt8] {
        var octets = Array(#"{"jsonrpc":"2.0""#.utf8)
        if let id {
            octets.append(contentsOf: #","id":"#.utf8)
            id.append(to: &octets)
        }
        octets.append(contentsOf: #","method":"#.utf8)
        JSONText.append(method, to: &octets)
        return octets
    }
}
