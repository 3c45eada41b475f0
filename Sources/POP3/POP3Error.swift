// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import Vocabulary

/// Why a session with an old server could not go on. The session's connection is closed when one is thrown.
public struct POP3Error: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the session was doing; in the order of a session.
    public enum Step: String, Sendable, CaseIterable {
        case resolve, connect, greeting, capabilities, tls, authenticate, mailbox, uidl, retrieve, delete, quit
    }

    public var code: SessionFault
    /// The old server, as `host:port`.
    public var subject: String
    public var step: Step
    /// What happened, to which server, and what to do, in one line; never holds the password.
    public var detail: String
    /// What an administrator can do about it, if more is known than the code says.
    public var advice: String?

    public init(code: SessionFault, subject: String, step: Step, detail: String, advice: String? = nil) {
        self.code = code
        self.subject = subject
        self.step = step
        self.detail = detail
        self.advice = advice
    }

    public var description: String { detail }
}

extension POP3Error {
    /// For people: with the server's name, and what it said, scrubbed.
    public init(_ failure: WireFailure, of server: OldServer, at step: Step, _ scrubber: Scrubber) {
        let said = failure.quoted.isEmpty ? "" : "; it said: \(scrubber.text(of: failure.quoted))"
        self.init(
            code: failure.code, subject: server.subject, step: step,
            detail: "the old server \(server.subject) \(failure.message)\(said)", advice: failure.advice)
    }
}
