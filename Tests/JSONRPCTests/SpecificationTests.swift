// SPDX-License-Identifier: Apache-2.0

import JSONRPC
import JSONWire
import Support
import Testing

@Suite(.timeLimit(.minutes(15))) struct SpecificationTests {
    @Test(arguments: [
        (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, -32700, JSONValue.null),
        (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, -32600, .null), ("[]", -32600, .null),
        (#"{"jsonrpc":"2.0","id":"x","method":"nope"}"#, -32601, "x"), ("3", -32600, .null), ("", -32700, .null),
        (#"{"jsonrpc":"1.0","id":4,"method":"ping"}"#, -32600, 4),
        (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, .null),
        (#"{"jsonrpc":"2.0","id":1,"method":"fail"}"#, -32603, 1),
        (#"{"jsonrpc":"2.0","id":1,"method":"refuse"}"#, -32010, 1),
    ])
    func theSpecificationsOwnErrors(_ line: String, _ code: Int64, _ id: JSONValue) async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(line + "\n")
            let reply = try await client.reply()
            #expect(reply["jsonrpc"] == "2.0")
            #expect(reply["error"]?["code"]?.integer == code)
            #expect(reply["id"] == id)
            #expect(reply["result"] == nil)
            #expect(!"\(reply)".contains("hunter2"))
            #expect(try await client.call("ping")["result"]?["version"] == "1")
        }
    }

    @Test func linesThatAreNotUTF8OrTooDeepAreRefusedAndHarmNothing() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send([0xFF, 0xFE, 0x7B, 0x7D, 0x0A])
            #expect(try await client.reply()["error"]?["code"] == -32700)
            let deep = String(repeating: "[", count: 200_000) + String(repeating: "]", count: 200_000)
            #expect(try await client.call("ping", params: deep)["error"]?["code"] == -32700)
            #expect(try await client.call("ping")["id"] == 1)
        }
    }

    @Test func batchesAndNotifications() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(
                #"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"ping"},1,{"jsonrpc":"2.0","id":"q","method":"nope"},{"foo":"boo"}]"#
                    + "\n")
            let replies = try #require(try await client.reply().array)
            #expect(replies.map { $0["id"] } == [1, .null, "q", .null])

            let notifications = ["ping", "nope", "fail"].map { #"{"jsonrpc":"2.0","method":"\#($0)"}"# }
            try await client.send("[" + notifications.joined(separator: ",") + "]\n")
            try await client.send(notifications.joined(separator: "\n") + "\n")
            #expect(try await client.call("echo", params: "[7]", id: 9) == ["jsonrpc": "2.0", "id": 9, "result": [7]])
        }
    }

    @Test func aBatchIsBoundedInMembersAndInItsReply() async throws {
        var limits = Limits()
        limits.batchMembers = 100
        limits.batchReplyOctets = 50_000
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            func batch(_ count: Int) -> String {
                let members = (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"blob","params":[10000]}"# }
                return "[" + members.joined(separator: ",") + "]\n"
            }
            try await client.send(batch(101))
            #expect(try await client.reply()["error"]?["code"] == -32600)
            try await client.send(batch(100))
            let replies = try #require(try await client.reply().array)
            #expect(replies.map { $0["id"]?.integer } == (0..<100).map { $0 })
            #expect(replies.filter { $0["result"] != nil }.count < 40)
            #expect(replies.last?["error"]?["code"] == -32003)
        }
    }

    @Test func aLineMayArriveOctetByOctetAndTheLastOneWithoutItsEnd() async throws {
        try await Served.run { served in
            let client = try served.client()
            for octet in Array(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#.utf8) + [0x0D, 0x0A] {
                try await client.send([octet])
            }
            #expect(try await client.reply()["id"] == 1)
            try await client.send(#"{"jsonrpc":"2.0","id":2,"method":"echo","params":{"a":1}}"#)
            client.closeSending()
            #expect(try await client.reply()["id"] == 2)
            #expect(try await client.line() == nil)
        }
    }

    @Test func halfClosedClientsGetEveryReplyAndThenTheEnd() async throws {
        try await Served.run { served in
            let client = try served.client()
            let requests = (0..<2000).map {
                #"{"jsonrpc":"2.0","id":\#($0),"method":"\#($0 % 2 == 0 ? "ping" : "echo")"}"# + "\n"
            }
            try await client.send(requests.joined())
            client.closeSending()
            var ids: Set<Int64> = []
            for _ in 0..<2000 { ids.insert(try await client.reply()["id"]?.integer ?? -1) }
            #expect(ids == Set(0..<2000))
            #expect(try await client.line() == nil)
        }
    }

    @Test func aSocketsRoleIsItsConnections() async throws {
        try await Served.run { served in
            for (path, role) in [(served.admin, "admin"), (served.login, "login")] {
                let client = try RawClient(path: path)
                #expect(try await client.call("role")["result"]?.string == role)
            }
        }
    }
}
