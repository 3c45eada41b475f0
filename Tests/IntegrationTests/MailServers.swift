// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

/// An old Dovecot, and a new platform whose Dovecot and Postfix ask a daemon at every login.
struct MailServers: Sendable {
    let old: DovecotServer
    let platform: Platform
    let dovecot: PlatformDovecot
    let postfix: PostfixServer

    static let mail = (0..<12).map { withLineFeeds(message($0)) }

    /// Runs them for as long as `body` takes; accounts are created for all `users` of the old server, and each of
    /// these has ``mail`` there.
    static func running(
        users: [String: String] = [Platform.ann: Platform.oldPassword], environment: [String: String] = [:],
        dovecot configuration: String = "", editing edit: @escaping @Sendable (String) -> String = { $0 },
        changing change: (inout EnableMigration) throws -> Void = { _ in },
        _ body: (MailServers) async throws -> Void
    ) async throws {
        let old = try await DovecotServer(users: users)
        defer { old.stop() }
        for user in users.keys { try old.fill(user, with: mail) }
        // Hashes that cost little: how long one takes is not what is tested here.
        let environment = ["MAILMOVE_PASSWORDS_SCHEME": "sha512"].merging(environment) { $1 }
        try await DaemonProcess.running(environment: environment, user: PlatformDovecot.owner) { daemon in
            let platform = Platform(daemon)
            try await platform.create(users.keys.sorted())
            try await platform.enable(.loopback(port: old.port), changing: change)
            let dovecot = try await PlatformDovecot(for: daemon, configuration: configuration, editing: edit)
            defer { dovecot.stop() }
            let postfix = try await PostfixServer(for: dovecot, domain: Platform.domain)
            defer { postfix.stop() }
            try await body(MailServers(old: old, platform: platform, dovecot: dovecot, postfix: postfix))
        }
    }

    /// What the server says to a login.
    func logIn(
        _ access: MailLogin.Access, _ user: String = Platform.ann, password: String = Platform.oldPassword,
        from address: String? = nil
    ) async throws -> String {
        try await logIn(access, user, octets: Array(password.utf8), from: address)
    }

    func logIn(
        _ access: MailLogin.Access, _ user: String, octets: [UInt8], from address: String? = nil
    ) async throws -> String {
        let port =
            switch access {
            case .imap: dovecot.imapPort
            case .pop3: dovecot.pop3Port
            case .smtp: postfix.port
            }
        return try await MailLogin.answer(access, port: port, user: user, password: octets, from: address)
    }

    func expect(
        _ verdict: Verdict, _ access: MailLogin.Access, _ user: String = Platform.ann,
        password: String = Platform.oldPassword, from address: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await logIn(access, user, password: password, from: address)
        #expect(
            answer.hasPrefix(verdict.words(access)), "\(access): \(answer) — \(dovecot.log.suffix(2000))",
            sourceLocation: sourceLocation)
    }

    /// Sends a message as a user's mail program does.
    func send(
        from user: String, password: String = Platform.oldPassword, to recipient: String
    ) async throws -> CommandOutcome {
        try await CommandOutcome.of(
            "swaks",
            [
                "--server", "127.0.0.1:\(postfix.port)", "--from", user, "--to", recipient,
                "--auth", "PLAIN", "--auth-user", user, "--auth-password", password,
            ])
    }

    /// The mailbox once it holds so many messages; as it is after half a minute.
    func mailbox(
        _ user: String = Platform.ann, password: String = Platform.oldPassword, holding count: Int
    ) async throws -> [(uid: String, octets: [UInt8])] {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let mailbox = try await mailbox(user, password: password)
            if mailbox.count >= count || .now > deadline { return mailbox }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// What the new platform serves to a POP3 client.
    func mailbox(
        _ user: String = Platform.ann, password: String = Platform.oldPassword
    ) async throws -> [(uid: String, octets: [UInt8])] {
        try await PlainRetrieval.mailbox(port: dovecot.pop3Port, user: user, password: password)
    }
}

extension MailLogin.Access {
    /// As the migration log names it.
    var origin: TriggerOrigin {
        switch self {
        case .imap: .imap
        case .pop3: .pop3
        case .smtp: .smtp
        }
    }
}

/// What a mail program makes of an answer: RFC 9051 §7.1 and RFC 5530; RFC 1939 and RFC 3206; RFC 4954 §6.
enum Verdict: Sendable {
    case accepted
    /// It asks for the password.
    case wrongPassword
    /// It tries again later.
    case temporaryFailure

    func words(_ access: MailLogin.Access) -> String {
        switch (self, access) {
        case (.accepted, .imap): "OK "
        case (.accepted, .pop3): "+OK"
        case (.accepted, .smtp): "235 "
        case (.wrongPassword, .imap): "NO [AUTHENTICATIONFAILED]"
        case (.wrongPassword, .pop3): "-ERR [AUTH]"
        case (.wrongPassword, .smtp): "535 "
        case (.temporaryFailure, .imap): "NO [UNAVAILABLE]"
        case (.temporaryFailure, .pop3): "-ERR [SYS/TEMP]"
        case (.temporaryFailure, .smtp): "454 "
        }
    }
}

/// What a command of a user or an administrator came to.
struct CommandOutcome: Sendable {
    let status: Int32
    let output: String

    static func of(_ program: String, _ arguments: [String], input: String = "") async throws -> CommandOutcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        let output = Pipe()
                        let standardInput = Pipe()
                        process.executableURL = URL(filePath: "/usr/bin/env")
                        process.arguments = [program] + arguments
                        process.standardInput = standardInput
                        process.standardOutput = output
                        process.standardError = output
                        try process.runTakingSignals()
                        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
                        try standardInput.fileHandleForWriting.close()
                        let data = output.fileHandleForReading.readDataToEndOfFile()
                        process.waitUntilExit()
                        return CommandOutcome(
                            status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
                    })
            }
        }
    }
}
