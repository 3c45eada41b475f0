// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Support
import Synchronization
import Testing

/// What an administrator who looks for one account, or one old server, finds.
@Suite(.timeLimit(.minutes(15))) struct LogTests {
    /// The database takes no more rows of a kind, so that what follows an answer cannot be kept.
    private func refuse(_ kind: String, in platform: NewPlatform) throws {
        let sqlite = Process()
        sqlite.executableURL = URL(filePath: "/usr/bin/env")
        sqlite.arguments = [
            "sqlite3", "-cmd", ".timeout 60000", "\(platform.folder)/mailmove.db",
            "CREATE TRIGGER refuse_\(kind) BEFORE INSERT ON \(kind) BEGIN SELECT RAISE(ABORT, 'refused'); END",
        ]
        try sqlite.run()
        sqlite.waitUntilExit()
        #expect(sqlite.terminationStatus == 0)
    }

    @Test func whatFailsBehindAnAnswerIsFoundByItsAccount() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let entries = Entries()
        try await NewPlatform.run(log: entries.log) { platform in
            try await platform.enable(server)
            try refuse("guess", in: platform)
            #expect(try await platform.login("wrong").decision == .reject)
        }
        let errors = entries.all.filter { $0.level == .error }
        #expect(errors.contains { $0.text.hasPrefix("a wrong password is counted in memory only") })
        for entry in errors {
            #expect(entry.metadata["account"] == "ann@example.com", "\(entry.text)")
            #expect(!entry.text.contains("ann@example.com"))
        }
    }

    @Test func anOldServerThatIsGoneIsFoundByItsName() async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        let entries = Entries()
        try await NewPlatform.run(log: entries.log) { platform in
            try await platform.enable(server)
            server.stop()
            for _ in 0..<30 {
                #expect(try await platform.login("old").decision == .unavailable)
                platform.advance(seconds: 60)
            }
        }
        let gone = entries.all.filter { $0.text.hasPrefix("the old server cannot be reached") }
        #expect(!gone.isEmpty)
        for entry in gone { #expect(entry.metadata["oldServer"] == "127.0.0.1:\(server.port)") }
    }
}

/// Log entries, kept.
private final class Entries: Sendable {
    struct Entry: Sendable {
        let level: Logger.Level
        let text: String
        let metadata: Logger.Metadata
    }

    private let kept = Mutex<[Entry]>([])

    var all: [Entry] { kept.withLock { $0 } }

    var log: Logger { Logger(label: "test") { _ in Handler(entries: self) } }

    private struct Handler: LogHandler {
        let entries: Entries
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let entry = Entry(level: event.level, text: "\(event.message)", metadata: event.metadata ?? [:])
            entries.kept.withLock { $0.append(entry) }
        }
    }
}
