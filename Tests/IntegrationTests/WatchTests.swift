// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveClient
import Support
import Testing

extension Integration {
    @Suite struct WatchTests {
        /// Whatever a connection watches, it is told of an account at most five times a second, and of its last state.
        @Test func twoWatchesOfOneAccountAreToldNoMoreOftenThanOne() async throws {
            try await Platform.running { platform in
                try await platform.create([Platform.ann])
                let watcher = try RawClient(path: platform.daemon.adminSocket)
                _ = try await watcher.call("watchStatus", params: #"{"account":"\#(Platform.ann)"}"#)
                let start = ContinuousClock.now
                // The account's own watch tells from here on, in front of the reply at times.
                let domain =
                    #"{"jsonrpc":"2.0","id":2,"method":"watchStatus","params":{"domain":"\#(Platform.domain)"}}"#
                try await watcher.send(domain + "\n")
                for number in 0..<300 {
                    let quota = #"{"address":"\#(Platform.ann)","quotaOctets":\#(number)}"#
                    let update = #"{"onExisting":"update","accounts":[\#(quota)]}"#
                    let reply = try await RawClient(path: platform.daemon.adminSocket).call(
                        "createAccounts", params: update)
                    #expect(reply["result"]?["updated"] == 1)
                }
                #expect(try await platform.admin.deleteAccounts([Platform.ann]).deleted == 1)
                var told = 0
                while told < 4 || ContinuousClock.now - start < .seconds(3) {
                    guard let line = try? await watcher.reply(seconds: 2) else { break }
                    if line["method"] == "statusChanged" { told += 1 }
                }
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                #expect(told >= 4)
                #expect(Double(told) <= seconds * 5 + 1, "\(told) in \(seconds) s")
            }
        }

        /// Whoever watches a domain sees its figures at once, then once a second at most, and the last ones.
        @Test func aDomainsFiguresAreToldOnceASecondAndToTheEnd() async throws {
            try await Platform.running { platform in
                try await platform.create([Platform.ann])
                let watcher = try RawClient(path: platform.daemon.adminSocket)
                _ = try await watcher.call("watchStatus", params: #"{"domain":"\#(Platform.domain)"}"#)
                let start = ContinuousClock.now
                try await platform.create(["bob@\(Platform.domain)"])
                try await platform.create(["eve@\(Platform.domain)"])
                var told: [JSONValue] = []
                while told.last?["counts"]?["notStarted"]?.integer != 3 {
                    let line = try await watcher.reply(seconds: 20)
                    guard line["method"] == "progress", let params = line["params"] else { continue }
                    #expect(params["domain"]?.string == Platform.domain && params["etaSeconds"] == .some(.null))
                    told.append(params)
                }
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                #expect(Double(told.count) <= seconds + 2, "\(told.count) in \(seconds) s")
            }
        }
    }
}
