// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Why work with an old server could not continue. The connection is closed when this is thrown.
public struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done.
    public enum Step: String, Sendable, CaseIterable {
        case resolve, connect, greeting, capabilities, tls, login, folders, listing, fetch, delete, farewell
    }

    /// What the server was being asked about, where another session may do without.
    public enum Topic: Hashable, Sendable {
        /// Where names of folders begin that are one's own, or others' (NAMESPACE).
        case namespaces
        /// A folder, by its path.
        case folder([String])
    }

    /// What may help.
    public enum Remedy: Hashable, Sendable {
        /// A new connection may help.
        case again
        /// Waiting, for this many seconds, if known.
        case wait(seconds: Int?)
        /// Nothing, as things stand.
        case final
    }

    public var code: SessionFault
    public var step: Step
    /// What happened, to which server, and what to do, in one line; never holds the password.
    public var detail: String
    /// Seconds for which the server wants to be left alone, if it says so.
    public var pause: Int?
    /// What an administrator can do about it, if more is known than the code says.
    public var advice: String?
    /// nil where that is not certain.
    public var topic: Topic?

    public init(code: SessionFault, step: Step, detail: String, pause: Int? = nil, advice: String? = nil) {
        self.code = code
        self.step = step
        self.detail = detail
        self.pause = pause
        self.advice = advice
    }

    public var remedy: Remedy {
        switch code {
        case .unresolved, .unreachable, .timedOut, .closed, .protocolViolation, .pipeliningBroken, .refused: .again
        case .busy, .throttled: .wait(seconds: pause)
        // Not the server's fault: there is room again when some others have ended.
        case .exhausted: .wait(seconds: 5)
        case .untrusted, .cancelled, .invalidCredentialOctets: .final
        }
    }

    /// The contract's word for it.
    public var reason: Reason {
        switch code {
        case .unresolved, .unreachable, .timedOut, .closed: .oldServerUnreachable
        case .exhausted: .overloaded
        case .untrusted: .oldServerUntrusted
        case .protocolViolation, .pipeliningBroken, .refused: .oldServerProtocol
        case .busy: .mailboxInUse
        case .throttled: .oldServerThrottled
        case .cancelled: .interrupted
        case .invalidCredentialOctets: .credentialsRejected
        }
    }

    public var description: String { detail }
}
