// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Testing
import Vocabulary

/// UIDLs of an inbox that moves by IMAP, from the old server's POP3.
@Suite(.timeLimit(.minutes(15))) struct UIDLTests {
    /// The same mailbox by both protocols.
    private struct Services: MailSource {
        let imap: MemorySource
        let pop3: MemorySource

        init() {
            func messages(_ prefix: String) -> [MemorySource.Message] {
                (1...3).map { .init(id: "\(prefix)\($0)", text: "Subject: \($0)\n\nbody\n") }
            }
            imap = MemorySource(password: "old", inbox: messages(""))
            pop3 = MemorySource(password: "old", inbox: messages("uidl-"))
            imap.state.withLock { $0.traits.idsAreUIDLs = false }
        }

        func connect(
            to server: OldServer, timeouts: Timeouts, hiding password: Password?
        ) async throws(SourceError) -> any SourceConnection {
            let source = server.mailProtocol == .imap ? imap : pop3
            return try await source.connect(to: server, timeouts: timeouts, hiding: password)
        }
    }

    private func run(
        master: OldServer.Master? = nil, _ body: (NewPlatform, Services, MemoryStore) async throws -> Void
    ) async throws {
        let (services, store) = (Services(), try MemoryStore())
        try await NewPlatform.run(from: services, into: store) { platform in
            try await platform.enable(port: 1) { request in
                request.oldServer = OldServer(
                    .imap, host: "127.0.0.1", port: 1, security: .none,
                    pop3: OldServer.POP3Service(host: "127.0.0.1", port: 2, security: .none), master: master)
            }
            try await body(platform, services, store)
        }
    }

    /// What POP3 clients are told of the messages that are here.
    private func uidls(_ store: MemoryStore) -> [String?] {
        (store[NewPlatform.ann]?.messages ?? []).map { $0.uidl }
    }

    @Test func mailCarriesTheUIDLsThatPOP3Has() async throws {
        try await run { platform, _, store in
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(uidls(store) == ["uidl-1", "uidl-2", "uidl-3"])
        }
    }

    @Test func aServiceThatDoesNotTakeThePasswordIsAskedOnceAndMailMovesWithout() async throws {
        try await run { platform, services, store in
            services.pop3.state.withLock { $0.password = "another" }
            services.imap.state.withLock { $0.stumbles = ["2": [.hangsUp]] }
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(uidls(store) == [nil, nil, nil])
            #expect(services.pop3.state.withLock { $0.shown } == ["old"])
            let told = try await platform.events().filter { $0.kind == .oldServerLimits }.compactMap(\.detail)
            #expect(told.count == 1 && told[0].contains("X-UIDL") && told[0].contains("oldServer.pop3"))
        }
    }

    /// `EXPIRE 0`: what was asked for goes with the QUIT, and some count TOP.
    @Test func whereRetrievingDeletesNoHeaderIsAskedForAndNothingEndsInOrder() async throws {
        try await run { platform, services, store in
            services.pop3.state.withLock { state in
                (state.traits.confirmsByHeader, state.traits.fetchingDeletes) = (false, true)
                state.misdeeds = [.fetch: [.talksNonsense], .farewell: [.talksNonsense]]
            }
            _ = try await platform.trigger("old")
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(uidls(store) == ["uidl-1", "uidl-2", "uidl-3"])
            let left = services.pop3.state.withLock { $0.misdeeds }
            #expect(left[.fetch]?.count == 1 && left[.farewell]?.count == 1)
        }
    }

    /// By an authorization identity, the master's user name alone opens the master's own mailbox.
    @Test func byAnAuthorizationIdentityNoOtherMailboxIsTakenForTheUsers() async throws {
        let master = OldServer.Master(user: "boss", form: .authorization)
        try await run(master: master) { platform, services, store in
            services.imap.state.withLock { $0.entersForOthers = true }
            _ = try await platform.move.masters.move([NewPlatform.ann], password: Password("old"))
            #expect(try await platform.until { $0.status == .completed }.moved == 3)
            #expect(uidls(store) == [nil, nil, nil] && services.pop3.state.withLock { $0.shown.isEmpty })
        }
    }
}
