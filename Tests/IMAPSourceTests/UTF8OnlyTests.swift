// SPDX-License-Identifier: Apache-2.0

import MailSource
import Support
import Synchronization
import Testing

/// Old servers that speak UTF-8 alone (RFC 6855 §6).
@Suite(.timeLimit(.minutes(2))) struct UTF8OnlyTests {
    /// It opens and lists nothing before UTF-8 is switched on, and names folders in UTF-8 then.
    /// - Parameters:
    ///   - isToldAtOnce: by the answer to LOGIN; else whoever is refused has to ask.
    @Test(arguments: [true, false], ["NO [CANNOT] UTF-8 first", "BAD UTF-8 first"])
    func itsMailComesAsItIs(isToldAtOnce: Bool, refusal: String) async throws {
        let isOn = Mutex(false)
        let capabilities = ["IMAP4rev1", "NAMESPACE", "UNSELECT", "UIDPLUS", "ENABLE", "UTF8=ONLY"]
        let texts = ["Subject: Grüße\r\n\r\nHallo\r\n", "Subject: 你好\r\nFrom: 王@例子.中国\r\n\r\n再见\r\n"]
        let server = try OldIMAP.server([
            .init("INBOX", [.init(1, texts[0])]), .init("Entwürfe/Größe", [.init(7, texts[1])]),
        ]) { options in
            options.capabilitiesAfterLogin = capabilities
            options.answer = { command in
                let verb = String(command.prefix { $0 != " " })
                switch verb {
                case "LOGIN", "AUTHENTICATE", "CAPABILITY", "ID", "NOOP", "LOGOUT": return nil
                case "ENABLE":
                    isOn.withLock { $0 = command.contains("UTF8=ACCEPT") }
                    return nil
                case _ where isOn.withLock({ !$0 }): return "%T \(refusal)\r\n"
                default: return nil
                }
            }
            if isToldAtOnce { options.login = "OK [CAPABILITY \(capabilities.joined(separator: " "))] in" }
        }
        defer { server.stop() }
        let session = try await OldIMAP.session(server.port)
        let (folders, listing, sink, refused) = try await OldIMAP.fetchAll(session)
        _ = try await session.leave()
        #expect(folders.map(\.path) == [["INBOX"], ["Entwürfe", "Größe"]])
        #expect(listing.count == 2 && refused.isEmpty)
        #expect(sink.texts == texts.map { $0.replacing("\r\n", with: "\n") })
    }

    /// One that does not switch it on cannot be read, and says so.
    @Test func aServerThatDoesNotSwitchItOnIsNotTakenForAWrongPassword() async throws {
        let server = try OldIMAP.server { options in
            options.capabilitiesAfterLogin = ["IMAP4rev1", "ENABLE", "UTF8=ONLY"]
            options.answer = { command in
                switch command.prefix(while: { $0 != " " }) {
                case "ENABLE": "%T NO not today\r\n"
                case "EXAMINE": "%T NO [CANNOT] UTF-8 first\r\n"
                default: nil
                }
            }
        }
        defer { server.stop() }
        let answer = try await OldIMAP.answer(server)
        guard case .failed(_, let words, _) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(words.contains("UTF-8 first"))
    }
}
