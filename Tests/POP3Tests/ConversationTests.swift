// SPDX-License-Identifier: Apache-2.0

import MailSession
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import POP3

/// Each written conversation comes out as its headers say, in whatever pieces it arrives.
struct ConversationTests {
    @Test(.timeLimit(.minutes(15)), arguments: Conversation.all, [1, 7, .max])
    func aServerIsUnderstood(name: String, piece: Int) async throws {
        let conversation = try Conversation(named: name)
        let wire = ConversationWire(conversation, piece: piece)
        let security = try conversation["security"].map { try #require(TransportSecurity(rawValue: $0)) } ?? .none
        var problem: POP3Error?
        do {
            try await converse(conversation, OldServer(host: "old.example", security: security), wire)
        } catch let error as POP3Error {
            problem = error
        }
        #expect(problem.map { "\($0.step) \($0.code)" } == conversation["error"], "\(problem?.detail ?? "")")
        #expect(wire.isOver, "\(name).txt:\(wire.nextLine ?? 0) was never reached")
        if let told = conversation["tells"], let problem { #expect(problem.detail.contains(told), "\(problem.detail)") }
        #expect(problem?.detail.contains(Self.password(of: conversation)) != true)
    }

    private static func password(of conversation: Conversation) -> String { conversation["password"] ?? "open sesame" }

    /// From the greeting to the farewell, as far as the conversation goes.
    private func converse(_ conversation: Conversation, _ server: OldServer, _ wire: ConversationWire) async throws {
        func isOver() -> Bool { wire.isOver && conversation["error"] == nil }
        let password = Password(Self.password(of: conversation))
        let session = try await Opening(server, hiding: password).session(over: wire)
        defer { session.abort() }
        let said = [session.greeting.text] + session.capabilities.lines
        #expect(!said.contains { $0.contains(Self.password(of: conversation)) })
        if isOver() { return }
        let answer = try await session.authenticate(
            user: conversation["user"] ?? "ann@example.com", password: password,
            secure: conversation["secure"] == "yes")
        #expect(answer.name == conversation["login"])
        guard answer == .accepted else {
            if let told = conversation["tells"] { #expect(answer.reply?.description == told) }
            #expect((answer.reply?.text.unicodeScalars.count ?? 0) <= 501)
            #expect(answer.reply?.text.contains(Self.password(of: conversation)) != true)
            return
        }
        if isOver() { return }
        let mailbox = try await session.mailbox()
        if let expected = conversation["mailbox"] { #expect("\(mailbox.messages) \(mailbox.octets)" == expected) }
        if isOver() { return }
        let listing = try await session.listing()
        if let expected = conversation["listing"] {
            #expect(
                listing.map(\.text) == expected.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init))
        }
        try await retrieve(listing, session, conversation, wire)
        if let numbers = conversation["deleted"] {
            let refused = try await session.delete(numbers.split(separator: " ").compactMap { Int($0) })
            #expect(refused == [])
        }
        if let expected = conversation["quit"] {
            let isConfirmed = try await session.quit()
            #expect((isConfirmed ? "confirmed" : "unconfirmed") == expected)
        }
    }

    private func retrieve(
        _ listing: [ListedMessage], _ session: POP3Session, _ conversation: Conversation, _ wire: ConversationWire
    ) async throws {
        let messages = conversation.values(of: "message").map { Conversation.octets($0) }
        let numbers = (conversation["refused"] ?? "").split(separator: " ").compactMap { Int($0) }
        guard !wire.isOver, conversation["error"]?.hasPrefix("retrieve") == true || messages.count + numbers.count > 0
        else { return }
        let sink = MemorySink()
        let told = Mutex<[Int]>([])
        defer {
            #expect(sink.whole == messages)
            #expect(sink.messages.count == messages.count, "a message that was cut is kept")
            #expect(told.withLock { $0 } == numbers)
        }
        let outcome = try await session.retrieve(
            listing, into: sink, pipelining: conversation["pipelining"] == "forbidden" ? .forbidden : .allowed
        ) { message, _ in told.withLock { $0.append(message.number) } }
        #expect(outcome.retrieved == messages.count)
        #expect(outcome.refused.map(\.number) == numbers)
        #expect(session.isPipeliningProven == (conversation["pipelining"] == "proven"))
    }

    @Test func everyConversationIsFound() { #expect(Conversation.all.count > 40) }
}

extension LoginAnswer {
    /// As the headers of conversations have it.
    fileprivate var name: String {
        switch self {
        case .accepted: "accepted"
        case .rejected: "rejected"
        case .noSuchUser: "no such user"
        case .busy(let kind, _): "busy \(kind.rawValue)"
        case .refused: "refused"
        case .noSecureMechanism: "no secure mechanism"
        }
    }

    fileprivate var reply: Reply? {
        switch self {
        case .accepted, .noSecureMechanism: nil
        case .rejected(let reply), .noSuchUser(let reply), .busy(_, let reply), .refused(let reply): reply
        }
    }
}

extension ListedMessage {
    /// Number, unique-id and size; `-` for what the server did not say.
    fileprivate var text: String {
        let id = uniqueID.map { String(decoding: $0.octets, as: UTF8.self) } ?? "-"
        return "\(number) \(id) \(octets.map(String.init) ?? "-")"
    }
}
