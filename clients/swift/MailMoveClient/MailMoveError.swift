// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
public import Vocabulary

/// A call that was not carried out, or whose outcome is not known.
public struct MailMoveError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// The daemon answered with an error, of this JSON-RPC code.
        case refused(Int)
        /// Nobody listens on the socket.
        case daemonUnreachable
        /// The socket's permissions keep this process out.
        case notPermitted
        /// The connection broke before the answer: the call may or may not have been carried out.
        case connectionLost
        /// No answer in time: the call may or may not have been carried out.
        case timedOut
        /// An answer that is not what the contract says.
        case invalidReply
        /// The client was closed.
        case closed
    }

    public let code: Code
    /// The contract's reason, where the daemon gave one that this client knows.
    public let reason: Reason?
    /// What happened, and what to do, for the administrator.
    public let detail: String
    /// For the person concerned.
    public let message: LocalizedText
    /// The way to the parameter that is wrong, such as `oldServer.port`.
    public let parameter: String?
    /// After which time to try again, where the daemon says so.
    public let retryAfter: Duration?
    /// Whether the same call may succeed later.
    public let isRetryable: Bool

    /// An error of the client's own making.
    init(_ code: Code, _ detail: String) {
        self.code = code
        self.reason = nil
        self.detail = detail
        self.parameter = nil
        self.retryAfter = nil
        switch code {
        case .daemonUnreachable, .connectionLost, .timedOut:
            self.isRetryable = true
            self.message = Reason.shuttingDown.text
        case .refused, .notPermitted, .invalidReply, .closed:
            self.isRetryable = false
            self.message = LocalizedText(
                en: "The service cannot be used. Please contact your administrator.", zhCN: "服务不可用，请联系管理员。")
        }
    }

    /// What the daemon answered.
    init(_ error: RPCError) {
        self.code = .refused(error.code)
        let data = error.data.flatMap(ErrorData.init)
        self.reason = data.flatMap { Reason(rawValue: $0.reason) }
        self.detail = data?.detail ?? error.description
        self.message = data?.message ?? LocalizedText(en: error.message, zhCN: error.message)
        self.parameter = data?.parameter
        self.retryAfter = data?.retryAfter.map { .seconds($0) }
        self.isRetryable = data?.retryable ?? false
    }

    /// What the daemon would answer, found out before asking it.
    init(_ violation: Violation) { self.init(CallFailure(violation).rpcError) }

    /// For a log: never holds a password.
    public var description: String {
        switch code {
        case .refused(let code): "\(reason?.rawValue ?? "error") (\(code)): \(detail)"
        default: detail
        }
    }
}

extension ErrorData {
    /// nil where an error carries none of that form.
    fileprivate init?(_ json: JSONValue) {
        guard let reason = json["reason"]?.string else { return nil }
        let message = json["message"]
        let english = message?["en"]?.string ?? reason
        self.init(
            reason: reason, detail: json["detail"]?.string ?? reason, retryable: json["retryable"]?.bool ?? false,
            message: LocalizedText(en: english, zhCN: message?["zh-CN"]?.string ?? english),
            parameter: json["parameter"]?.string, retryAfter: json["retryAfter"]?.double.map { Int($0.rounded(.up)) })
    }
}
