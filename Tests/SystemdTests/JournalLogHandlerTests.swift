// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Testing

@testable import Systemd

@Suite struct JournalLogHandlerTests {
    private func entry(
        _ message: Logger.Message, level: Logger.Level = .info, metadata: Logger.Metadata = [:]
    ) -> JournalEntry {
        let event = LogEvent(
            level: level, message: message, metadata: nil, source: "Migration", file: "Run.swift", function: "start()",
            line: 12)
        return JournalEntry(label: "run", event: event, metadata: metadata)
    }

    @Test func itsFieldsAreTheJournals() {
        let fields = entry(
            "moved", level: .warning, metadata: ["account": "ann@example.com", "oldServer": "192.0.2.1", "a-b": "1\n2"]
        ).fields
        #expect(fields.contains("MESSAGE=moved (a-b=1\n2 account=ann@example.com oldServer=192.0.2.1)"))
        #expect(fields.contains("PRIORITY=4"))
        #expect(fields.contains("CODE_FILE=Run.swift"))
        #expect(fields.contains("CODE_LINE=12"))
        #expect(fields.contains("CODE_FUNC=start()"))
        #expect(fields.contains("MAILMOVE_LABEL=run"))
        #expect(fields.contains("MAILMOVE_ACCOUNT=ann@example.com"))
        #expect(fields.contains("MAILMOVE_OLD_SERVER=192.0.2.1"))
        #expect(fields.contains("MAILMOVE_A_B=1\n2"))
    }

    @Test(arguments: [
        ("account", "MAILMOVE_ACCOUNT"), ("tlsVersion", "MAILMOVE_TLS_VERSION"), ("UIDL", "MAILMOVE_UIDL"),
        ("ü=x\n", "MAILMOVE___X_"), ("", "MAILMOVE_"),
        (String(repeating: "a", count: 100), "MAILMOVE_" + String(repeating: "A", count: 55)),
    ])
    func aKeyIsAFieldNameTheJournalTakes(key: String, name: String) {
        #expect(JournalEntry.fieldName(key) == name)
    }

    /// `journalctl -x` explains what went wrong, with what to do, in either language.
    @Test(arguments: ["mailmove.catalog", "mailmove.zh_CN.catalog"])
    func everyExplanationIsInTheCatalog(file: String) throws {
        let root = String(#filePath.prefix(upTo: try #require(#filePath.range(of: "/Tests/")?.lowerBound)))
        let catalog = try String(contentsOfFile: root + "/systemd/" + file, encoding: .utf8)
        let explained = catalog.split(separator: "\n").compactMap {
            $0.hasPrefix("-- ") ? String($0.dropFirst(3)) : nil
        }
        #expect(Set(explained) == Set(MessageCatalog.identifiers.values))
        #expect(explained.count == MessageCatalog.identifiers.count)
    }

    @Test(
        arguments: [
            (["reason": "mailStoreUnavailable"], "938d93579d734612b3dd6c596d24df1b"),
            (["event": "failed", "reason": "mailStoreUnavailable"], "938d93579d734612b3dd6c596d24df1b"),
            (["event": "completed"], "db86382bf9c24cbf96203dd053e1b9e6"),
            (["event": "connected"], nil),
            ([:], nil),
        ] as [(Logger.Metadata, String?)])
    func anEntryNamesItsExplanation(metadata: Logger.Metadata, id: String?) {
        let ids = entry("x", metadata: metadata).fields.filter { $0.hasPrefix("MESSAGE_ID=") }
        #expect(ids == (id.map { ["MESSAGE_ID=" + $0] } ?? []))
    }

    @Test func anAccountsDomainIsAFieldOfItsOwn() {
        #expect(entry("x", metadata: ["account": "ann@example.com"]).fields.contains("MAILMOVE_DOMAIN=example.com"))
    }

    @Test func anAccountThatFailsAllTheTimeIsLoggedNowAndThen() {
        var limits = EntryLimits()
        for _ in 0..<EntryLimits.burst { #expect(limits.admit("ann@example.com", now: 0) == .log(omitted: 0)) }
        for _ in 0..<7 { #expect(limits.admit("ann@example.com", now: 1) == .omit) }
        #expect(limits.admit("bob@example.com", now: 1) == .log(omitted: 0))
        #expect(limits.admit("ann@example.com", now: EntryLimits.window) == .log(omitted: 7))
        #expect(limits.admit("ann@example.com", now: EntryLimits.window) == .log(omitted: 0))
    }

    @Test func moreAccountsThanCanBeCountedAreAllLogged() {
        var limits = EntryLimits()
        for number in 0..<(EntryLimits.accounts + 5) {
            #expect(limits.admit("\(number)@example.com", now: 0) == .log(omitted: 0))
        }
    }

    @Test func aLineIsOneLineAndSteersNoTerminal() {
        let line = entry("+OK\r\ncritical run: \u{1B}[2Jfake", metadata: ["x": "a\nb"]).line
        #expect(line == "info run: +OK\\xd\\xacritical run: \\x1b[2Jfake (x=a\\xab)")
    }

    @Test(arguments: Array(zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2])))
    func levelsAreSyslogs(level: Logger.Level, priority: Int) {
        #expect(entry("x", level: level).fields.contains("PRIORITY=\(priority)"))
    }

    @Test func standardErrorOfATestIsNotTheJournal() {
        #expect(!JournalLogHandler.standardErrorIsJournal)
    }

    /// The journal, where there is one, takes it; else it is printed: in no case does it fail.
    @Test func anEntryIsWrittenWhetherOrNotThereIsAJournal() {
        for isJournal in [true, false] {
            var handler = JournalLogHandler(
                label: "test", isJournal: isJournal, metadataProvider: .init { ["provided": "1"] })
            handler[metadataKey: "account"] = "ann@example.com"
            #expect(handler[metadataKey: "account"] == "ann@example.com")
            Logger(label: "test") { _ in handler }.info("an entry of a test", metadata: ["own": "2"])
        }
    }
}
