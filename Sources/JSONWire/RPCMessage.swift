// SPDX-License-Identifier: Apache-2.0

/// A request (JSON-RPC 2.0 §4).
public struct RPCRequest: Sendable {
    /// Nil for a notification, which is never answered.
    public var id: RPCID?
    public var method: String

    /// An object (by name) or an array (by position).
    public var params: JSONView?

    public init(id: RPCID?, method: String, params: JSONView?) {
        self.id = id
        self.method = method
        self.params = params
    }

    /// Whether nobody waits for an answer.
    public var isNotification: Bool { id == nil }
}

/// What a client has sent in one line, as a server reads it.
public enum RPCMessage: Sendable {
    /// A request, or what was meant to be one.
    public enum Member: Sendable {
        case request(RPCRequest)

        /// To be answered with this error under this id.
        case invalid(RPCID, RPCError)
    }

    case single(Member)

    /// Of one member at least; answered by one array with the answers to those that are no notifications (§6).
    case batch([Member])

    /// Reads a line. Whatever is in it, the result says how to answer. A batch of more than `batchLimit` members is
    /// invalid as a whole.
    public init(line: WipedOctets, batchLimit: Int = 10_000) {
        let document: JSONDocument
        do {
            document = try JSONDocument(line)
        } catch {
            self = .single(.invalid(.null, .parseError(error.description)))
            return
        }
        let root = document.root
        guard root.kind == .array else {
            self = .single(Member(root))
            return
        }
        var members: [Member] = []
        for view in root.elements {
            guard members.count < batchLimit else {
                self = .single(.invalid(.null, .invalidRequest("a batch of more than \(batchLimit) requests")))
                return
            }
            members.append(Member(view))
        }
        self = members.isEmpty ? .single(.invalid(.null, .invalidRequest("an empty batch"))) : .batch(members)
    }
}

extension RPCMessage.Member {
    init(_ view: JSONView) {
        guard view.kind == .object else {
            self = .invalid(.null, .invalidRequest("a request is an object"))
            return
        }
        var version: JSONView?
        var id: JSONView?
        var method: JSONView?
        var params: JSONView?
        for member in view.members {
            if member.nameView.isString("jsonrpc") {
                version = member.value
            } else if member.nameView.isString("id") {
                id = member.value
            } else if member.nameView.isString("method") {
                method = member.value
            } else if member.nameView.isString("params") {
                params = member.value
            }
        }
        let requestID = id.map(RPCID.init)
        let answerID = (requestID ?? .null) ?? .null
        if requestID == .some(nil) {
            self = .invalid(.null, .invalidRequest("id is neither a string, a number nor null"))
        } else if version?.isString("2.0") != true {
            self = .invalid(answerID, .invalidRequest("jsonrpc is not \"2.0\""))
        } else if let method = method?.string {
            if let params, params.kind != .object, params.kind != .array {
                self = .invalid(answerID, .invalidRequest("params is neither an object nor an array"))
            } else {
                self = .request(RPCRequest(id: requestID ?? nil, method: method, params: params))
            }
        } else {
            self = .invalid(answerID, .invalidRequest("method is not a string"))
        }
    }
}
