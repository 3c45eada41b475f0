// SPDX-License-Identifier: Apache-2.0

import MailStore
import MessageContent
import NIOPosix
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import IMAPStore

/// A platform that speaks UTF-8 alone (RFC 6855 §6).
@Suite(.timeLimit(.minutes(2))) struct UTF8OnlyTests {
    /// Opens no folder before UTF-8 is switched on, and then takes no header in UTF-8 unless it is told.
    private final class UTF8Platform: Sendable {
        let seen = Mutex<[String]>([])

        func serve(_ peer: ScriptedServer.Peer) {
            let capabilities = "CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS NAMESPACE ENABLE UTF8=ONLY"
            var (isOn, next) = (false, 1)
            peer.send("* OK [\(capabilities)] ready\r\n")
            while let (line, literals) = Self.command(peer) {
                let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { return }
                let (tag, command) = (parts[0], parts[1])
                seen.withLock { $0.append(command) }
                let verb = command.prefix { $0 != " " }
                switch verb {
                case "LOGIN": peer.send("\(tag) OK [\(capabilities)] in\r\n")
                case "ENABLE":
                    isOn = true
                    peer.send("* ENABLED UTF8=ACCEPT\r\n\(tag) OK\r\n")
                case "LOGOUT": return
                case _ where !isOn: peer.send("\(tag) BAD [CANNOT] UTF-8 first\r\n")
                case "NAMESPACE": peer.send("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n\(tag) OK\r\n")
                case "STATUS": peer.send("* STATUS x (UIDVALIDITY 7 UIDNEXT \(next))\r\n\(tag) OK\r\n")
                case "EXAMINE": peer.send("* OK [UIDVALIDITY 7]\r\n* OK [UIDNEXT \(next)]\r\n\(tag) OK\r\n")
                case "APPEND":
                    let header = (literals.last ?? []).prefix { !$0.isEmpty }.joined()
                    guard command.contains(" UTF8 (~") == !header.utf8.allSatisfy({ $0 < 128 }) else {
                        peer.send("\(tag) NO that is no UTF-8\r\n")
                        continue
                    }
                    peer.send("\(tag) OK [APPENDUID 7 \(next)] done\r\n")
                    next += 1
                default: peer.send("\(tag) OK\r\n")
                }
            }
        }

        /// A command without its literals, and the lines of each.
        private static func command(_ peer: ScriptedServer.Peer) -> (text: String, literals: [[String]])? {
            guard var line = peer.line() else { return nil }
            var (text, literals) = ("", [[String]]())
            while line.hasSuffix("}"), let start = line.lastIndex(of: "{"),
                var left = Int(line[start...].filter(\.isNumber))
            {
                text += line[..<start]
                literals.append([])
                while let next = peer.line() {
                    line = String(decoding: next.utf8.dropFirst(left), as: UTF8.self)
                    literals[literals.count - 1].append(String(decoding: next.utf8.prefix(left), as: UTF8.self))
                    if next.utf8.count >= left { break }
                    left -= next.utf8.count + 2
                }
            }
            return (text + line, literals)
        }
    }

    @Test func namesAndHeadersAreInUTF8() async throws {
        let platform = UTF8Platform()
        let server = try ScriptedServer { platform.serve($0) }
        defer { server.stop() }
        let store = IMAPStore(
            Platform(
                server: OldServer(.imap, host: "127.0.0.1", port: server.port, security: .none), masterUser: "mover"
            ) { Password("key") },
            contentKey: try ContentKey(Array(repeating: 7, count: 32), form: .poly1305), spoolDirectory: "/var/tmp",
            group: MultiThreadedEventLoopGroup.singleton, settling: .zero)
        defer { store.close() }
        let ann = try EmailAddress("ann@example.com")
        let writer = try await store.open(
            ann, options: DeliveryOptions(preserveUIDL: false, folders: [["客户"]]), intended: [], expecting: [:])
        for (index, text) in ["Subject: 你好\n\nhello\n", "Subject: plain\n\n你好\n"].enumerated() {
            writer.begin(ListedMessage(number: index + 1, octets: nil, uniqueID: nil))
            Array(text.utf8).withUnsafeBytes { writer.append($0) }
            writer.end()
        }
        writer.finish()
        var staged: [StagedMessage] = []
        for try await some in writer.staged { staged += some }
        let publication = try await store.publish(store.prepare(writer.batch(of: staged)))
        await writer.leave()
        #expect(publication.outcomes == [.visible, .visible])
        let appends = platform.seen.withLock { $0 }.filter { $0.hasPrefix("APPEND") }
        #expect(appends.count == 2 && appends[0].contains(" UTF8 (~") && !appends[1].contains("UTF8"))
    }
}
