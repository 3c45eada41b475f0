// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Whoever holds the login socket, or has half a connection, gets no further than that.
    @Suite struct HostileClientTests {
        @Test func theLoginSocketOpensNothingElse() async throws {
            try await Platform.running { platform in
                try await platform.create([Platform.ann])
                let document = try await platform.admin.discover()
                let methods = (document["methods"]?.array ?? []).compactMap { $0["name"]?.string }
                #expect(methods.count > 15)
                let open: Set = [
                    "authenticate", "triggerMigration", "queryStatus", "watchStatus", "unwatch", "ping", "rpc.discover",
                ]
                let intruder = try RawClient(path: platform.daemon.loginSocket)
                for method in methods where !open.contains(method) {
                    for params in [nil, "{}", "[]", #"{"domain":"example.com"}"#, #"{"accounts":["ann@example.com"]}"#]
                    {
                        let reply = try await intruder.call(method, params: params)
                        #expect(reply["error"]?["code"] == -32001, "\(method)")
                        #expect(reply["error"]?["data"]?["reason"] == "forbidden", "\(method)")
                    }
                }
                let domain = try await intruder.call("watchStatus", params: #"{"domain":"example.com"}"#)
                #expect(domain["error"]?["code"] == -32001)
                #expect(try await platform.admin.listAccounts(domain: Platform.domain).accounts.count == 1)
            }
        }

        /// Half-open connections by the hundred, lines that never end, clients that never read, all at once.
        @Test func aCrowdOfBadClientsHoldsUpNoLoginAndCostsBoundedMemory() async throws {
            try await Platform.running { platform in
                try await platform.create([Platform.ann])
                let half = Array(#"{"jsonrpc":"2.0","id":1,"method":"ping""#.utf8)
                let crowd = try (0..<400).map { _ in try RawClient(path: platform.daemon.loginSocket) }
                for client in crowd { _ = client.sendWhatFits(half) }
                let long = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
                let talkers = try (0..<8).map { _ in try RawClient(path: platform.daemon.loginSocket) }
                for _ in 0..<17 {
                    for client in talkers { _ = client.sendWhatFits(long) }
                }
                let question = Array(#"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"#.utf8) + [10]
                let deaf = try (0..<8).map { _ in try RawClient(path: platform.daemon.loginSocket) }
                for client in deaf {
                    for _ in 0..<200 { _ = client.sendWhatFits(question) }
                }
                let answer = try await platform.logIn(password: Platform.newPassword)
                #expect(answer.decision == .accept)
                let service = try await platform.admin.getServiceStatus()
                #expect(service.store.ok && service.mailStore.ok)
                #expect(try platform.daemon.memory.peak < 400 << 20)
                withExtendedLifetime((crowd, talkers, deaf)) {}
            }
        }

        @Test func outOfDescriptorsNewClientsWaitAndOldOnesAreServed() async throws {
            try await Platform.running { platform in
                try await platform.create([Platform.ann])
                let early = try RawClient(path: platform.daemon.adminSocket)
                #expect(try await early.call("ping")["id"] == 1)
                let limit = Process()
                limit.executableURL = URL(filePath: "/usr/bin/prlimit")
                let used = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(platform.daemon.identifier)/fd")
                limit.arguments = [
                    "--pid", "\(platform.daemon.identifier)", "--nofile=\(used.count + 10):\(used.count + 10)",
                ]
                try limit.run()
                limit.waitUntilExit()
                #expect(limit.terminationStatus == 0)

                let crowd = try (0..<100).map { _ in try RawClient(path: platform.daemon.loginSocket) }
                for client in crowd { _ = client.sendWhatFits(Array("\n".utf8)) }
                try await Task.sleep(for: .milliseconds(500))
                let service = try await early.call("getServiceStatus", id: 2)
                #expect(service["result"]?["store"]?["ok"] == true)
                for client in crowd { client.close() }
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .accept)
                #expect(try await early.call("ping", id: 3)["id"] == 3)
            }
        }
    }
}
