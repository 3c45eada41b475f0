// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// What arrives is what the old server serves, octet for octet, CRLF aside.
    @Suite struct OddMessagesTests {
        private static let count = 300

        /// Delivered messages by their UIDL, which each has once.
        private static func delivered(_ platform: Platform) throws -> [String: [UInt8]] {
            let all = platform.daemon.messages(of: Platform.ann).map(withoutUIDL)
            #expect(all.count == count)
            return try Dictionary(all.map { (try #require($0.uid), $0.octets) }) { first, _ in
                Issue.record("a UIDL arrived twice")
                return first
            }
        }

        private static func compare(_ served: [MailboxServer.Message], _ platform: Platform) throws {
            let delivered = try Self.delivered(platform)
            for (index, message) in served.enumerated() {
                let arrived = try #require(delivered[message.uid], "message \(index) is not there")
                let expected = withLineFeeds(message.octets)
                guard arrived != expected else { continue }
                let place = zip(arrived, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
                Issue.record(
                    "message \(index) differs: \(arrived.count) octets of \(expected.count), first at \(place ?? -1)")
            }
        }

        @Test func threeHundredOddMessagesOfDovecotArriveAsTheyAreServed() async throws {
            let dovecot = try await DovecotServer(users: [Platform.ann: "plain-old"])
            defer { dovecot.stop() }
            try dovecot.fill(Platform.ann, with: OddMessages.make(Self.count, seed: 1).map(withLineFeeds))
            let served = try await PlainRetrieval.mailbox(
                port: dovecot.port, user: Platform.ann, password: "plain-old")
            #expect(served.count == Self.count)
            try await Platform.migrating(from: .loopback(port: dovecot.port)) { platform in
                _ = try await platform.logIn(password: "plain-old")
                let status = try await platform.settled()
                #expect(status.status == .completed, "\(String(describing: status.error))")
                #expect(status.moved == Self.count)
                try Self.compare(served, platform)
            }
        }

        @Test func threeHundredOddMessagesArriveAsRawOctets() async throws {
            let odd = OddMessages.make(Self.count, seed: 2)
            let server = try MailboxServer(
                user: Platform.ann, password: Platform.oldPassword,
                messages: odd.enumerated().map { ("uid-\($0.offset)", $0.element) })
            defer { server.stop() }
            // As any client sees it: with a line end at the end.
            let served = try await PlainRetrieval.mailbox(
                port: server.port, user: Platform.ann, password: Platform.oldPassword)
            for (message, octets) in zip(served, odd) {
                #expect(
                    message.octets == (octets.isEmpty || octets.ends(with: [13, 10]) ? octets : octets + [13, 10]))
            }
            try await Platform.migrating(from: .loopback(port: server.port)) { platform in
                _ = try await platform.logIn()
                let status = try await platform.settled()
                #expect(status.status == .completed, "\(String(describing: status.error))")
                #expect(status.moved == Self.count)
                try Self.compare(served, platform)
            }
        }
    }
}

extension Array<UInt8> {
    fileprivate func ends(with end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }
}
