// SPDX-License-Identifier: Apache-2.0

import Dispatch
import JSONRPC
import JSONWire
import NIOCore
import Support
import Testing

/// One at a time: they look at the memory of the whole process.
@Suite(.serialized, .timeLimit(.minutes(15))) struct LoadTests {
    @Test func slowRequestsDoNotHoldUpOthers() async throws {
        try await Served.run { served in
            let client = try served.client()
            for id in 0..<30 { try await client.send(#"{"jsonrpc":"2.0","id":"w\#(id)","method":"wait"}"# + "\n") }
            #expect(try await client.call("ping", id: 100)["id"] == 100)
            #expect(try await client.call("echo", id: 101)["id"] == 101)
            served.handler.gate.open()
            for _ in 0..<30 { #expect(try await client.reply()["result"] == "waited") }
        }
    }

    @Test func aClientHasABoundedNumberOfRequestsInHand() async throws {
        var limits = Limits()
        limits.requestsInHand = 40
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            let requests = (0..<1000).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"wait"}"# + "\n" }.joined()
            try await client.send(requests)
            try await served.handler.started.reaches(32)
            #expect(try await served.call("ping")["id"] == 1)
            #expect(served.handler.started.count <= 64)
            served.handler.gate.open()
            for _ in 0..<1000 { #expect(try await client.reply()["result"] == "waited") }
        }
    }

    @Test func fiveHundredClientsAtOnce() async throws {
        try await Served.run { served in
            let clients = try (0..<500).map { _ in try served.client() }
            for client in clients { try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"echo"}"# + "\n") }
            for client in clients { #expect(try await client.reply()["id"] == 1) }
            #expect(served.server.clients == 500)
        }
    }

    @Test func clientsBeyondTheLimitAreToldSoAndOthersComeInWhenSomeHaveGone() async throws {
        var limits = Limits()
        limits.connections = 3
        try await Served.run(limits: limits) { served in
            let clients = try (0..<3).map { _ in try served.client() }
            for client in clients { _ = try await client.call("ping") }
            let refused = try served.client()
            #expect(try await refused.reply()["error"]?["code"] == -32003)
            #expect(try await refused.line() == nil)
            clients[0].close()
            while served.server.clients == 3 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try await served.call("ping")["id"] == 1)
            while served.server.clients > 2 { try await Task.sleep(for: .milliseconds(2)) }
            served.server.limit(clients: 5)
            let more = try (0..<3).map { _ in try served.client() }
            for client in more { #expect(try await client.call("ping")["id"] == 1) }
        }
    }

    /// No task gets its turn meanwhile: every thread of the pool is held. A machine under load comes near that.
    @Test func whoComesAndGoesWithoutAPauseIsNotTakenForMany() async throws {
        var limits = Limits()
        limits.connections = System.coreCount + 4  // an event loop may see one off after it has let the next in
        try await Served.run(limits: limits) { served in
            let (held, released) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            @Sendable func hold() {
                held.signal()
                released.wait()
            }
            let answers = await withTaskGroup(of: Void.self) { group in
                for _ in 0..<System.coreCount { group.addTask { hold() } }
                return await withCheckedContinuation { continuation in
                    DispatchQueue(label: "clients").async { [limits] in
                        for _ in 0..<System.coreCount { _ = held.wait(timeout: .now() + 5) }
                        let answers = (0..<10 * limits.connections).map { _ in
                            (try? served.client())?.exchange(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#) ?? "refused"
                        }
                        for _ in 0..<System.coreCount { released.signal() }
                        continuation.resume(returning: answers)
                    }
                }
            }
            #expect(answers.allSatisfy { $0.contains(#""version""#) })
            while served.server.clients > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test func whoGoesWithARequestInHandIsCountedUntilItIsDone() async throws {
        var limits = Limits()
        limits.connections = 3
        try await Served.run(limits: limits) { served in
            for number in 1...3 {
                let client = try served.client()
                try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"wait"}"# + "\n")
                try await served.handler.started.reaches(number)
                client.close()
            }
            for _ in 0..<20 { #expect(try await served.client().reply()["error"]?["code"] == -32003) }
            served.handler.gate.open()
            while served.server.clients > 0 { try await Task.sleep(for: .milliseconds(2)) }
            #expect(try await served.call("ping")["id"] == 1)
        }
    }

    @Test func aClientThatNeverReadsCostsLittle() async {
        // A process of its own: this one takes memory for other tests at the same time.
        await #expect(processExitsWith: .success) {
            try await Served.run { served in
                let client = try served.client()
                let before = try residentOctets()
                let padding = String(repeating: " ", count: 500)  // so that few fit into the socket's buffer
                let call = #"{"jsonrpc":"2.0","id":1,"method":"blob","params":[50000]}"#
                let request = Array((call + padding + "\n").utf8)
                var pipelined = request
                for _ in 0..<99 { pipelined += request }
                var sent = 0
                var refusals = 0
                while sent < 40_000 * request.count, refusals < 300 {
                    let count = client.sendWhatFits(Array(pipelined[(sent % request.count)...]))
                    sent += count
                    if count == 0 {
                        refusals += 1
                        try await Task.sleep(for: .milliseconds(2))
                    }
                }
                #expect(sent < 40_000 * request.count)
                #expect(try await served.call("ping")["id"] == 1)
                #expect(try residentOctets() - before < 60_000_000)
                // And when it reads at last, nothing has been lost.
                for _ in 0..<(sent / request.count) {
                    #expect(try await client.line()?.utf8.count == 50_036)
                }
            }
        }
    }

    @Test func aSubscriptionWaitsForAClientThatDoesNotRead() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"flood"}"# + "\n")
            var last = -1
            while served.handler.started.count != last {
                last = served.handler.started.count
                try await Task.sleep(for: .milliseconds(200))
            }
            #expect(last > 0)
            #expect(last < 300)
            #expect(try await client.reply()["result"] == 0)
            for _ in 0..<1000 { #expect(try await client.reply()["method"] == "flood") }
        }
    }

    @Test func anOverlongLineIsRefusedAndHarmsNobody() async {
        // A process of its own: this one takes memory for other tests at the same time.
        await #expect(processExitsWith: .success) {
            try await Served.run { served in
                let other = try served.client()
                _ = try await other.call("ping")
                let before = try residentOctets()
                let client = try served.client()
                let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
                for _ in 0..<40 { try await client.send(piece) }
                try await client.send("\n")
                #expect(try await client.reply()["error"]?["code"] == -32600)
                #expect(try await client.call("ping")["id"] == 1)
                #expect(try await other.call("ping")["id"] == 1)
                #expect(try residentOctets() - before < 60_000_000)
            }
        }
    }

    @Test func longLinesAreServed() async throws {
        try await Served.run { served in
            let client = try served.client()
            let text = String(repeating: "é", count: 4_000_000)
            let reply = try await client.call("echo", params: #"["\#(text)"]"#)
            #expect(reply["result"]?[0]?.string == text)
        }
    }

    @Test func manyLongLinesAtOnceTakeTurnsForTheMemory() async throws {
        var limits = Limits()
        limits.lineOctets = 2_000_000
        limits.inboundOctetsOfAll = 6_000_000
        try await Served.run(limits: limits) { served in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<60 {
                    group.addTask {
                        let client = try served.client()
                        let text = String(repeating: "x", count: 1_900_000)
                        try await client.send(
                            #"{"jsonrpc":"2.0","id":7,"method":"length","params":["\#(text)"]}"# + "\n")
                        #expect(try await client.reply()["id"] == 7)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func lineHoldersThatStallGiveWay() async throws {
        var limits = Limits()
        limits.lineOctets = 1_000_000
        limits.inboundOctetsOfAll = 1
        limits.stall = .milliseconds(300)
        try await Served.run(limits: limits) { served in
            let stalled = try (0..<6).map { _ in try served.client() }
            for client in stalled { try await client.send([UInt8](repeating: UInt8(ascii: "x"), count: 900_000)) }
            let text = String(repeating: "x", count: 900_000)
            #expect(try await served.call("echo", params: #"["\#(text)"]"#)["id"] == 1)
        }
    }
}
