// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What is wrong with a call's parameters: JSON-RPC's `-32602`.
public struct Violation: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why, as a program reads it.
    public enum Reason: String, Sendable, CaseIterable {
        /// Missing, unknown, of the wrong type, or out of range.
        case invalidParameters
        /// A password that is too easy to guess.
        case weakPassword
        /// A password hash of a scheme that mail servers here would not read.
        case unsupportedHash
    }

    public var reason: Reason
    /// The way to the parameter, such as `accounts[3].address`; nil where the parameters as a whole are wrong.
    public var parameter: String?
    /// What is expected, and what is wrong, as a clause: `must be an integer from 1 to 65535`.
    public var detail: String

    public init(_ parameter: String?, _ detail: String, reason: Reason = .invalidParameters) {
        self.reason = reason
        self.parameter = parameter
        self.detail = detail
    }

    /// `oldServer.port must be an integer from 1 to 65535`
    public var description: String { "\(parameter ?? "params") \(detail)" }

    /// The same, seen from the object that holds the value as `member`.
    func within(_ member: String) -> Violation {
        var outer = self
        outer.parameter =
            switch parameter {
            case nil: member
            case let inner? where inner.hasPrefix("["): member + inner
            case let inner?: "\(member).\(inner)"
            }
        return outer
    }

    /// The same, seen from the array that holds the value at `index`.
    func within(_ index: Int) -> Violation { within("[\(index)]") }
}

extension Violation.Reason {
    /// For the person concerned.
    public var text: LocalizedText {
        switch self {
        case .invalidParameters:
            LocalizedText(en: "The request is not valid.", zhCN: "请求参数有误。")
        case .weakPassword:
            LocalizedText(
                en: "This password is too easy to guess, or cannot be used. Please choose another.",
                zhCN: "密码过于简单或无法使用，请更换。")
        case .unsupportedHash:
            LocalizedText(en: "This kind of password hash is not supported.", zhCN: "不支持该密码散列格式。")
        }
    }
}
