// SPDX-License-Identifier: Apache-2.0

// What name servers say. They say what they like: everything they send is data to be doubted.
//
// 1. A `Resolver` knows whom to ask: the system's name servers, or the one that is set. A question is asked within a
//    `ResolverSession`, which has a deadline and a bound on questions.
// 2. Each session has a `QueryThread` of its own, which drives c-ares: it chooses ports and identifiers, tries again,
//    turns to the next server, and repeats by TCP what was truncated. c-ares never waits; the thread does.
// 3. An answer's octets become records in `AnswerMessage`, a pure value that bounds what it reads.
// 4. Names leave here as printable ASCII (`DomainNameText`), texts as they were sent: `SPFRecord` reads those, and
//    `SPFCheck` follows them (RFC 7208).

import Vocabulary

/// What a question came to.
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
    /// The names that the question was led to by CNAME, in order; records are of the last.
    public var aliases: [String]

    public init(_ outcome: Outcome, aliases: [String] = []) {
        self.outcome = outcome
        self.aliases = aliases
    }

    /// Empty where there are none, or none could be had.
    public var records: [Record] {
        if case .records(let records) = outcome { records } else { [] }
    }

    /// Why it is not known what there is; nil where it is.
    public var failure: LookupFailure? {
        if case .failed(let failure) = outcome { failure } else { nil }
    }
}

/// Why there was no answer.
public enum LookupFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Silence, up to the deadline or the last try.
    case timedOut
    /// Nobody listens there; of several servers, that or worse holds for each.
    case unreachable
    /// SERVFAIL: the server could not find out, or the answer's signatures are wrong.
    case serverFailure
    /// REFUSED: the server does not answer this machine, or not this question.
    case refused
    /// What came is no DNS answer, or says that the question was none.
    case malformed
    /// No name that could be asked for.
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
