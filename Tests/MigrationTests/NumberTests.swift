// SPDX-License-Identifier: Apache-2.0

import Records
import Secrets
import Testing
import Vocabulary

/// Numbers that old servers send end nothing, and are added up as far as they go.
@Suite(.timeLimit(.minutes(5))) struct NumberTests {
    @Test(arguments: [
        "-1", "2147483648", "4294967301", "1099511627776", "4611686018427387904", "9223372036854775807",
        "18446744073709551615", "99999999999999999999999", "1e3", "",
    ])
    func aSizeAtTheEdgeStopsNoMove(_ size: String) async throws {
        let server = try OldMailServer(password: "old")
        defer { server.stop() }
        server.state.withLock { state in
            state.answer = { line in
                switch line {
                case "LIST": "+OK\r\n" + (1...3).map { "\($0) \(size)\r\n" }.joined() + ".\r\n"
                case "STAT": "+OK 3 \(size)\r\n"
                case "CAPA": "+OK\r\nUSER\r\nUIDL\r\nTOP\r\nLOGIN-DELAY \(size)\r\nEXPIRE \(size)\r\n.\r\n"
                default: nil
                }
            }
        }
        try await NewPlatform.run { platform in
            try await platform.enable(server)
            _ = try await platform.login("old")
            let status = try await platform.until { $0.finishedAt != nil }
            #expect(status.status == .completed)
            #expect(status.moved == 3)
            let overview = try await platform.move.settings.overview(of: NewPlatform.ann.domain)
            #expect(overview.totals.remainingOctets == 0)
            #expect(overview.totals.unlisted == 0)
            #expect(overview.figures.queued == 0)
        }
    }

    @Test func anUnknownDomainIsAnError() async throws {
        try await NewPlatform.run { platform in
            let unknown = try DomainName("nowhere.example")
            await #expect(throws: MoveError.self) { try await platform.move.statuses.log(LogQuery(domain: unknown)) }
            await #expect(throws: MoveError.self) { try await platform.move.statuses.snapshot(of: unknown) }
            await #expect(throws: MoveError.self) {
                try await platform.move.statuses.events(EventQuery(subject: .domain(unknown)))
            }
        }
    }
}
