// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import JSONWire
import Support
import Testing

/// Clients that mean harm.
@Suite(.serialized, .timeLimit(.minutes(15))) struct HostileClientTests {
    @Test func whoeverTakesEveryPlaceLocksNobodyOutOfTheOtherSocket() async throws {
        var limits = Limits()
        limits.connections = 24
        try await Served.run(limits: limits) { served in
            let greedy = try (0..<24).map { _ in try RawClient(path: served.login) }
            for client in greedy { _ = try await client.call("ping") }
            let refused = try RawClient(path: served.login)
            #expect(try await refused.reply()["error"]?["code"] == -32003)
            let administrators = try (0..<3).map { _ in try served.client() }
            for client in administrators { #expect(try await client.call("role")["result"] == "admin") }
            let fourth = try served.client()
            #expect(try await fourth.reply()["error"]?["code"] == -32003)
            for client in greedy { client.close() }
            while served.server.clients > 3 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try await RawClient(path: served.login).call("ping")["id"] == 1)
        }
    }

    @Test func aLineOfMillionsOfValuesIsRefusedAndCostsLittle() async {
        // A process of its own: this one takes memory for other tests at the same time.
        await #expect(processExitsWith: .success) {
            try await Served.run { served in
                let before = try residentOctets()
                let values = Array(String(repeating: "0,", count: 8_000_000).utf8)
                for opening in [#"{"jsonrpc":"2.0","id":1,"method":"echo","params":["#, "["] {
                    let client = try served.client()
                    try await client.send(Array(opening.utf8) + values)
                    try await client.send(opening == "[" ? "0]\n" : "0]}\n")
                    #expect(try await client.reply()["error"]?["code"] == -32700)
                }
                #expect(try await served.call("ping")["id"] == 1)
                #expect(try residentOctets() - before < 200_000_000)
            }
        }
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":1,"method":"echo","method":"role"}"#, #"{"jsonrpc":"2.0","id":9007199254740993e400"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\u{0}\"}", #"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, "\u{0}",
        String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 65), "]", "\"", "\\", "nul",
        #"{"jsonrpc":"2.0","id":{"a":1},"method":"echo"}"#, #"{"jsonrpc":2.0,"id":1,"method":"echo"}"#, "1e999999999",
    ])
    func whatIsNoRequestGetsAnErrorAndTheNextCallItsAnswer(line: String) async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(line + "\n")
            let code = try await client.reply()["error"]?["code"]?.integer ?? 0
            #expect(code == -32700 || code == -32600)
            #expect(try await client.call("ping", id: 7)["id"] == 7)
        }
    }

    @Test func aThousandRequestsInABatchAreAnsweredInOneLine() async throws {
        try await Served.run { served in
            let client = try served.client()
            let requests = (0..<1000).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"echo","params":[\#($0)]}"# }
            try await client.send("[" + requests.joined(separator: ",") + "]\n")
            let replies = try await client.reply().array ?? []
            #expect(replies.count == 1000)
            #expect(replies.enumerated().allSatisfy { $1["id"]?.integer == Int64($0) })
        }
    }
}
