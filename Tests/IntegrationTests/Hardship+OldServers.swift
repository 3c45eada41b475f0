// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Support

/// Where the mail comes from.
extension Hardship {
    /// - Parameter pace: milliseconds before each message.
    static func byPOP3(_ accounts: Int, _ scale: Scale, pace: Int) throws -> Old {
        var options = MailboxServer.Options()
        options.pauseMilliseconds = pace
        let numbers = 0..<accounts
        let server = try MailboxServer(
            passwords: passwords(numbers),
            mail: Dictionary(
                uniqueKeysWithValues: numbers.map { number in (address(number), mail(number, scale.messages)) }),
            options: options)
        let settings: JSONValue = ["host": "127.0.0.1", "port": .integer(Int64(server.port)), "security": "none"]
        return Old(settings: settings) { server.stop() }
    }

    /// By POP3, into a platform's own IMAP server.
    static func intoIMAP(_ scale: Scale, seed: UInt64) async throws -> Hardship {
        let users = (0..<accounts(scale)).map(address)
        return try Hardship(scale, seed: seed, pace: 4, into: try await Server(users, seed: seed))
    }

    /// By IMAP, from a real Dovecot with three folders.
    /// - Parameter intoIMAP: whether mail goes into a platform's own IMAP server.
    static func byIMAP(_ scale: Scale, seed: UInt64, intoIMAP: Bool = false) async throws -> Hardship {
        var scale = scale
        // Dovecot takes no time over a message.
        scale.messages = 600
        var options = DovecotServer.Options()
        options.hasIMAP = true
        let numbers = 0..<accounts(scale)
        let server = try await DovecotServer(users: passwords(numbers), options: options)
        for number in numbers {
            let mail = mail(number, scale.messages).map(\.octets)
            for (index, folder) in ["", ".Work", ".Work.2024"].enumerated() {
                let part = stride(from: index, to: mail.count, by: 3).map { mail[$0] }
                try server.fill(address(number), with: part, in: folder)
            }
        }
        let settings: JSONValue = [
            "protocol": "imap", "host": "127.0.0.1", "port": .integer(Int64(server.imapPort ?? 0)), "security": "none",
        ]
        let platform = intoIMAP ? try await Server(numbers.map(address), seed: seed) : nil
        return try Hardship(
            scale, seed, Old(settings: settings) { server.stop() }, [daemon(into: platform)], true, into: platform)
    }
}
