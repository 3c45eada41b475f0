// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// What `kill -9` leaves behind. MAILMOVE_TEST_KILLS makes more of it (`make torture`).
    @Suite struct CrashTests {
        @Test func twentyKillsLoseNothingAndDoubleNothing() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("CrashTests: seed \(seed)")
            var random = SplitMix64(state: seed)
            var options = MailboxServer.Options()
            options.pauseMilliseconds = 2
            let mail = messages(0..<1500, lines: 30)
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword, messages: mail, options: options)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                var killed: [Int] = []  // messages moved at each kill that came during the move
                for _ in 0..<20 {
                    let answer = try await platform.logIn()
                    #expect(answer.decision == .accept)
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
                    platform.daemon.kill()
                    try await platform.daemon.start()
                    let status = try await platform.settled()
                    if status.status == .failed {
                        #expect(status.error?.reason == .interrupted)
                        #expect(status.error?.retryable == true)
                        killed.append(status.moved)
                    } else {
                        #expect(status.status == .completed)
                    }
                    #expect(status.startedAt != nil)
                    #expect(platform.daemon.messages(of: Platform.ann).count == status.moved, "seed \(seed)")
                }
                print("CrashTests: killed with so many moved: \(killed)")
                #expect(!killed.isEmpty, "no kill came during the move; seed \(seed)")

                _ = try await platform.logIn()
                let status = try await platform.status { $0.status == .completed }
                #expect(status.status == .completed, "seed \(seed)")
                #expect(status.moved == 1500, "seed \(seed)")
                #expect(status.remaining == 0, "seed \(seed)")
                platform.expectArrived(mail.map(\.octets))
                #expect(platform.daemon.files(of: Platform.ann, in: "tmp").isEmpty, "seed \(seed)")
            }
        }

        @Test func killsAtAnyMomentOfAnythingLoseNothingAndDoubleNothing() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            let hardship = try Hardship(.of("MAILMOVE_TEST_KILLS", atLeast: 20), seed: seed, pace: 4)
            let tally = try await hardship.run { hardship.daemon.kill() }
            print("kill -9, \(tally)")
            tally.expectNothingLost(seed)
        }

        @Test func killsWhileMailMovesByIMAPLoseNothingAndDoubleNothing() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            let hardship = try await Hardship.byIMAP(.of("MAILMOVE_TEST_KILLS", atLeast: 10), seed: seed)
            let tally = try await hardship.run { hardship.daemon.kill() }
            print("kill -9 by IMAP, \(tally)")
            tally.expectNothingLost(seed)
        }

        /// Of four that share a database: most are started again at once; others take over what the rest have left.
        @Test(.enabled(if: PostgreSQLServer.isAvailable)) func killsOfNodesLoseNothingAndDoubleNothing() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            var nodes = try await NodeHardship(.of("MAILMOVE_TEST_KILLS", atLeast: 10), seed: seed)
            defer { nodes.remove() }
            let tally = try await nodes.run()
            print("kill -9 of nodes, \(tally)")
            tally.expectNothingLost(seed)
            #expect(tally.takeOvers > 0, "seed \(seed)")
        }

        @Test(arguments: [false, true])
        func killsWhileMailMovesIntoIMAPLoseNothingAndDoubleNothing(byIMAP: Bool) async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            let scale = Hardship.Scale.of("MAILMOVE_TEST_KILLS", atLeast: 8)
            let hardship =
                byIMAP
                ? try await Hardship.byIMAP(scale, seed: seed, intoIMAP: true)
                : try await Hardship.intoIMAP(scale, seed: seed)
            let tally = try await hardship.run { hardship.daemon.kill() }
            print("kill -9 by \(byIMAP ? "IMAP" : "POP3") into IMAP, \(tally)")
            tally.expectNothingLost(seed)
        }

        /// With a clock that jumps by days, a state that is put back to a backup, and a mail store that is not mounted.
        @Test(.enabled(if: Upheavals.arePossible, "needs root, to mount; and libfaketime"))
        func killsAtUpheavalsLoseNothingAndDoubleNothing() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            var upheavals = try Upheavals(.of("MAILMOVE_TEST_KILLS", atLeast: 20), seed: seed, pace: 4)
            let (hardship, clock) = (upheavals.hardship, upheavals.clock)
            defer { upheavals.remove() }
            let jumping = Task { try await Upheavals.jump(clock) }
            defer { jumping.cancel() }
            var tally = try await hardship.run {
                hardship.daemon.kill()
            } then: { numbers, random, tally in
                try await upheavals.befall(numbers, &random, &tally)
            }
            jumping.cancel()
            tally.jumps = try await jumping.value
            print("kill -9 and worse, \(tally)")
            if tally.lost + tally.doubled + tally.broken > 0 { print(hardship.daemon.log) }
            tally.expectNothingLost(seed)
        }
    }
}
