// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
public import Vocabulary

/// Whom to ask.
public struct Resolver: Sendable, Hashable {
    /// A name server that was chosen.
    /// An address, or a name that the system can look up.
    public typealias Server = HostAndPort

    /// nil for the system's name servers (resolv.conf(5)), read anew by each session.
    public var server: Server?

    public init(server: Server? = nil) { self.server = server }

    /// Runs `body`, which may ask questions. At the deadline every open question fails, and every later one.
    public func session<Result>(
        until deadline: ContinuousClock.Instant, _ body: (ResolverSession) async throws -> Result
    ) async rethrows -> Result {
        let thread = QueryThread(server: server, deadline: deadline)
        let session = ResolverSession(thread: thread)
        thread.start()
        do {
            let result = try await withTaskCancellationHandler {
                try await body(session)
            } onCancel: {
                thread.cancel()
            }
            await thread.end()
            return result
        } catch {
            await thread.end()
            throw error
        }
    }
}

/// Questions about names, each of them asked once.
public final class ResolverSession: Sendable {
    private struct Question: Hashable {
        var name: String
        var type: RecordType
    }

    /// Of one session.
    static let mostQuestions = 256

    private let thread: QueryThread
    private let known = Mutex<[Question: Answer<RecordData>]>([:])
    private let asked = Mutex(0)

    init(thread: QueryThread) { self.thread = thread }

    /// A records.
    public func addresses4(of name: String) async -> Answer<IPAddress> {
        await ask(name, .a) { if case .address(let address) = $0 { address } else { nil } }
    }

    /// AAAA records.
    public func addresses6(of name: String) async -> Answer<IPAddress> {
        await ask(name, .aaaa) { if case .address(let address) = $0 { address } else { nil } }
    }

    /// MX records, the most preferred first (RFC 5321 §5.1).
    public func mailExchangers(of name: String) async -> Answer<MailExchanger> {
        var answer = await ask(name, .mx) { if case .mailExchanger(let exchanger) = $0 { exchanger } else { nil } }
        if case .records(let records) = answer.outcome {
            let sorted = Set(records).sorted { ($0.preference, $0.host) < ($1.preference, $1.host) }
            answer.outcome = .records(sorted)
        }
        return answer
    }

    /// SRV records, the most preferred first (RFC 2782).
    public func services(of name: String) async -> Answer<ServiceRecord> {
        var answer = await ask(name, .srv) { if case .service(let service) = $0 { service } else { nil } }
        if case .records(let records) = answer.outcome {
            let sorted = Set(records).sorted {
                ($0.priority, -$0.weight, $0.host, $0.port) < ($1.priority, -$1.weight, $1.host, $1.port)
            }
            answer.outcome = .records(sorted)
        }
        return answer
    }

    /// TXT records: octets, with the strings of each concatenated.
    public func texts(of name: String) async -> Answer<[UInt8]> {
        await ask(name, .txt) { if case .text(let text) = $0 { text } else { nil } }
    }

    private func ask<Record>(
        _ name: String, _ type: RecordType, _ pick: (RecordData) -> Record?
    ) async -> Answer<Record> {
        let answer = await ask(Question(name: name.lowercased(), type: type))
        let outcome: Answer<Record>.Outcome =
            switch answer.outcome {
            case .records(let records): .records(records.compactMap(pick))
            case .noSuchName: .noSuchName
            case .noSuchRecord: .noSuchRecord
            case .failed(let failure): .failed(failure)
            }
        return Answer(outcome, aliases: answer.aliases)
    }

    private func ask(_ question: Question) async -> Answer<RecordData> {
        if let answer = known.withLock({ $0[question] }) { return answer }
        guard DomainNameText.isPlain(question.name) else { return Answer(.failed(.invalidName)) }
        let number = asked.withLock { count in
            count += 1
            return count
        }
        guard number <= Self.mostQuestions else { return Answer(.failed(.tooManyQuestions)) }
        // With a final dot, so that no search list is used.
        let query = QueryThread.Query(name: question.name + ".", type: question.type)
        thread.ask(query)
        let answer = await query.answer.wait()
        known.withLock { $0[question] = answer }
        return answer
    }
}
