// SPDX-License-Identifier: Apache-2.0

// DNS queries. Name servers may send anything: none of their data is trusted.
//
// 1. A `Resolver` knows whom to ask: the system's name servers, or a configured one. Questions are asked within a
//    `ResolverSession`, which has a deadline and a limit on questions.
// 2. Each session has its own `QueryThread`, which drives c-ares: that chooses ports and identifiers, retries, moves on
//    to the next server, and repeats truncated answers by TCP. c-ares never waits; the thread does.
// 3. An answer's octets become records in `AnswerMessage`, a pure value that bounds what it reads.
// 4. Names leave here as printable ASCII (`DomainNameText`), texts as they were sent: `SPFRecord` reads those, and
//    `SPFCheck` follows them (RFC 7208).

import Vocabulary

/// The result of a question.
public struct Answer<Record: Sendable & Hashable>: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        /// In the order in which they came; never empty.
        case records([Record])
        /// There is no such name (NXDOMAIN).
        case noSuchName
        /// The name has no record of this type.
        case noSuchRecord
        case failed(LookupFailure)
    }

    public var outcome: Outcome
    /// The names that CNAMEs led to, in order; the records belong to the last.
    public var aliases: [String]

    public init(_ outcome: Outcome, aliases: [String] = []) {
        self.outcome = outcome
        self.aliases = aliases
    }

    /// Empty if there are none, or none could be had.
    public var records: [Record] {
        if case .records(let records) = outcome { records } else { [] }
    }

    /// Why the answer is unknown; nil if it is known.
    public var failure: LookupFailure? {
        if case .failed(let failure) = outcome { failure } else { nil }
    }
}

/// Why there was no answer.
public enum LookupFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// No answer until the deadline or the last attempt.
    case timedOut
    /// Nobody listens there; with several servers, this or worse holds for each.
    case unreachable
    /// SERVFAIL: the server could not find out, or the answer's signatures are wrong.
    case serverFailure
    /// REFUSED: the server does not answer this machine, or not this question.
    case refused
    /// The reply is no DNS answer, or says that the question was malformed.
    case malformed
    /// Not a name that could be queried.
    case invalidName
    /// More questions than one session may ask.
    case tooManyQuestions
    /// The calling task was cancelled.
    case cancelled
    /// Anything else, in the library's words.
    case other(String)

    /// A clause for people: "the name server …".
    public var description: String {
        switch self {
        case .timedOut: "the name server does not answer"
        case .unreachable: "no name server has an answer: nobody listens there, or all of them fail or refuse"
        case .serverFailure: "the name server fails (SERVFAIL)"
        case .refused: "the name server refuses the question (REFUSED)"
        case .malformed: "the name server's answer makes no sense"
        case .invalidName: "this is no name that a name server can be asked for"
        case .tooManyQuestions: "it takes more questions than are asked"
        case .cancelled: "the question was cancelled"
        case .other(let text): "the name server cannot be asked: \(text)"
        }
    }
}

/// An SRV record (RFC 2782): where a service is.
public struct ServiceRecord: Sendable, Hashable {
    /// The lowest comes first.
    public var priority: Int
    /// Among those of one priority, how much of the load it takes.
    public var weight: Int
    public var port: Int
    /// As ``DomainNameText`` writes it; `.` says that the service is not offered.
    public var host: String

    public init(priority: Int, weight: Int, port: Int, host: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.host = host
    }
}

/// An MX record (RFC 1035 §3.3.9).
public struct MailExchanger: Sendable, Hashable {
    public var preference: Int
    /// As ``DomainNameText`` writes it; `.` is the root, which in a null MX means "no mail" (RFC 7505).
    public var host: String

    public init(preference: Int, host: String) {
        self.preference = preference
        self.host = host
    }
}
