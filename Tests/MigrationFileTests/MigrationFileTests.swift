// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@testable import MigrationFile

@Suite struct MigrationFileTests {
    private func read(_ text: String) throws -> MigrationFile { try MigrationFile(Array(text.utf8)) }

    private func fault(_ text: String) -> MigrationFileError? {
        do {
            _ = try read(text)
            return nil
        } catch {
            return error as? MigrationFileError
        }
    }

    @Test func defaultsAreBelowEach() throws {
        let file = try read(
            """
            # the accounts of last year
            defaults:
              oldServer: {host: 192.0.2.10, port: 110, security: none}
              validDays: 14
            migrations:
              - domain: example.com
              - domain: example.org
                oldServer: {port: 1110}
                validDays: ~
                autoCreateAccounts: true
            """)
        #expect(file.entries.map(\.line) == [6, 7])
        #expect(
            file.entries[0].settings == [
                "oldServer": ["host": "192.0.2.10", "port": 110, "security": "none"], "validDays": 14,
                "domain": "example.com",
            ])
        #expect(
            file.entries[1].settings == [
                "oldServer": ["host": "192.0.2.10", "port": 1110, "security": "none"], "domain": "example.org",
                "autoCreateAccounts": true,
            ])
    }

    @Test func onlyPlainNumbersAreNumbers() throws {
        let file = try read(
            """
            migrations:
              - {a: 7, b: "7", c: 1e5, d: 0123, e: 192.0.2.1, f: yes, g: true, h: 'true', i: -3, j: 1234567890123456}
            """)
        let settings = try #require(file.entries[0].settings)
        #expect(settings["a"] == 7)
        #expect(settings["g"] == true)
        #expect(settings["i"] == -3)
        for (name, text) in [
            ("b", "7"), ("c", "1e5"), ("d", "0123"), ("e", "192.0.2.1"), ("f", "yes"), ("h", "true"),
            ("j", "1234567890123456"),
        ] {
            #expect(settings[name] == .string(text), "\(name)")
        }
    }

    @Test func whatIsNoMappingIsAnEntryWithoutSettings() throws {
        let file = try read("migrations:\n  - example.com\n  - {domain: b.example}\n")
        #expect(file.entries.map { $0.settings == nil } == [true, false])
        #expect(file.entries.map(\.line) == [2, 3])
    }

    @Test(
        arguments: [
            ("", nil, "has no migrations"), ("migrations: []", nil, "has no migrations"),
            ("- a", nil, "has no migrations"),
            ("migrations: {}", 1, "must be a list"), ("defaults: 3\nmigrations: [{}]", 1, "must be a mapping"),
            ("migrations: [{}]\ndomains: []", 2, "domains is not known"), ("migrations:\n  - {a: [}", 2, "is no YAML"),
            ("migrations:\n  - {a: 1, a: 2}", 2, "a key twice"), ("a: *b", 1, "is no YAML"),
            ("migrations:\n - {[1]: 2}", 2, "no word"),
        ] as [(String, Int?, String)])
    func faultsNameTheirLine(_ text: String, _ line: Int?, _ words: String) throws {
        let found = try #require(fault(text))
        #expect(found.detail.contains(words), "\(found)")
        #expect(found.line == line, "\(found)")
    }

    @Test func whatIsNoUTF8IsRefused() {
        #expect(throws: MigrationFileError.self) { try MigrationFile([0xFF, 0xFE, 0x00]) }
    }

    @Test func aliasesCannotStandForMoreThanMemoryHolds() throws {
        var bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<9 {
            let inner = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
            bomb += "a\(level): &a\(level) [\(inner)]\n"
        }
        #expect(fault(bomb + "migrations: [*a8]")?.detail.contains("aliases") == true)
        let few = try read("x: &x {host: h}\n".replacing("x: ", with: "defaults: ") + "migrations: [*x, *x]")
        #expect(few.entries.map { $0.settings?["host"] } == ["h", "h"])
    }

    @Test func itIsBounded() {
        let many =
            "migrations:\n" + String(repeating: "- {domain: a.example}\n", count: MigrationFile.mostMigrations + 1)
        #expect(fault(many)?.detail.contains("more than") == true)
        let deep = "migrations: [{a: " + String(repeating: "[", count: 20) + String(repeating: "]", count: 20) + "}]"
        #expect(fault(deep)?.detail.contains("too deeply") == true)
        #expect(fault(String(repeating: "#", count: MigrationFile.largest + 1))?.detail.contains("larger") == true)
    }
}
