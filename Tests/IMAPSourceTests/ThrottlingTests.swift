// SPDX-License-Identifier: Apache-2.0

import MailSource
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

/// A server that has given as much as it gives for now is waited for, in whatever words it says so, and nothing else
/// is concluded from it.
@Suite(.timeLimit(.minutes(5))) struct ThrottlingTests {
    private typealias Folder = IMAPMailboxServer.Folder
    private typealias Message = IMAPMailboxServer.Message

    private static let folders = [
        Folder("INBOX", (1...3).map { Message($0, "Subject: \($0)\r\n\r\nbody\r\n") }),
        Folder("Work", [Message(1, "Subject: work\r\n\r\nbody\r\n")]),
    ]

    /// Gmail's words.
    private static let words = [
        "NO [ALERT] Account exceeded command or bandwidth limits. (Failure)",
        "NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", "NO [OVERQUOTA] enough",
        "NO [THROTTLED] slow down",
    ]

    /// What becomes of a move from a server that answers a command like this.
    private func error(
        at command: String, _ answer: String
    ) async throws -> (error: SourceError?, refused: [Int]) {
        let server = try OldIMAP.server(Self.folders) { options in
            options.answer = { $0.hasPrefix(command) ? "\(answer)\r\n" : nil }
        }
        defer { server.stop() }
        let refused = Mutex<[Int]>([])
        let error = await #expect(throws: SourceError.self) {
            let session = try await OldIMAP.session(server.port)
            let listing = try await session.list(try await session.folders())
            try await session.fetch(
                listing, into: MemorySink(), FetchOptions(oneByOne: false, windowOctets: 1 << 20)
            ) { message, _ in refused.withLock { $0.append(message.number) } }
            _ = try await session.leave()
        }
        return (error, refused.withLock { $0 })
    }

    @Test(arguments: words, ["UID FETCH 1:* ", "UID FETCH 1:3 (UID BODY", "LIST", "EXAMINE \"Work\""])
    func noMoreForNowIsWaitedFor(words: String, command: String) async throws {
        let (error, refused) = try await error(at: command, "%T \(words)")
        #expect(error?.code == .throttled && refused.isEmpty)
    }

    @Test func noMoreForNowIsWaitedForWhereOnlyOpeningTellsWhatIsInAFolder() async throws {
        let server = try OldIMAP.server(Self.folders) { options in
            options.answer = { command in
                switch command {
                case _ where command.hasPrefix("STATUS"): "%T NO not here\r\n"
                case "EXAMINE \"Work\"": "%T NO [LIMIT] slow down\r\n"
                default: nil
                }
            }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let error = await #expect(throws: SourceError.self) { _ = try await session.folders() }
        #expect(error?.code == .throttled && error?.step == .folders)
    }
}
