// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// The old server's name leads to the new platform, as it does once the DNS has been switched: mail would move in
    /// circles, and each login would be asked of itself.
    @Suite(.enabled(if: FileSystem.isAvailable, "needs root, for names of its own")) struct OwnHostTests {
        /// Names that are known to nobody else.
        private static func running(
            _ hosts: String, _ body: (Platform) async throws -> Void
        ) async throws {
            let environment = ["MAILMOVE_TIMEOUTS_CONNECT": "1", "MAILMOVE_TIMEOUTS_LOGIN": "30"]
            let daemon = try DaemonProcess(environment: environment, hosts: hosts)
            defer { daemon.kill() }
            try await daemon.start()
            try await body(Platform(daemon))
        }

        private static let server = OldServerParameters(host: "pop.old.example", port: 110, security: .some(.none))

        /// What somebody who asks for a move is told.
        private func refusal(_ platform: Platform) async -> MailMoveError? {
            do {
                try await platform.trigger()
                return nil
            } catch {
                return error as? MailMoveError
            }
        }

        @Test(arguments: ["127.0.0.1", "::1", "127.1.2.3"])
        func aNameThatLeadsToThePlatformIsNoOldServer(address: String) async throws {
            try await Self.running("\(address) pop.old.example\n") { platform in
                try await platform.create([Platform.ann])
                let error = await #expect(throws: MailMoveError.self) { try await platform.enable(Self.server) }
                #expect(error?.description.contains("is this machine, the new platform itself") == true)
            }
        }

        @Test func aNameThatLaterLeadsToThePlatformIsAskedNothing() async throws {
            // Nobody is there (RFC 5737).
            try await Self.running("192.0.2.1 pop.old.example\n") { platform in
                try await platform.create([Platform.ann])
                try await platform.enable(Self.server)
                let before = await refusal(platform)
                #expect(before?.reason == .oldServerUnreachable)
                #expect(before?.description.contains("this machine") == false, "\(String(describing: before))")
                try platform.daemon.setHosts("127.0.0.1 pop.old.example\n::1 pop.old.example\n")
                var after = await refusal(platform)
                for _ in 0..<600 where after?.description.contains("this machine") != true {
                    // An old server that was silent is left in peace for a while.
                    try await Task.sleep(for: .milliseconds(100))
                    after = await refusal(platform)
                }
                #expect(after?.reason == .oldServerUnreachable)
                #expect(
                    after?.description.contains("leads to this machine, the new platform itself") == true,
                    "\(String(describing: after))")
                #expect(try await platform.logIn().decision == .unavailable)
                #expect(try await platform.logIn(password: Platform.newPassword).decision == .accept)
                // Where the old server can be had again, the move begins.
                let server = try MailboxServer(
                    user: Platform.ann, password: Platform.oldPassword, messages: messages(0..<3))
                defer { server.stop() }
                try await platform.enable(.loopback(port: server.port))
                #expect(try await platform.logIn().decision == .accept)
                #expect(try await platform.settled().status == .completed)
            }
        }
    }
}
