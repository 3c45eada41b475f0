// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

/// Everything here runs the built daemon; two of them at once would only be slower.
@Suite(.serialized) enum Integration {}

/// The new platform of a test: a daemon, and the clients that call it.
struct Platform: Sendable {
    let daemon: DaemonProcess
    let admin: MailMoveClient
    let login: MailMoveClient

    static let domain = "example.com"
    static let ann = "ann@example.com"
    /// What accounts are created with.
    static let newPassword = "new-Pass-9word"
    /// What ann has always had.
    static let oldPassword = "old pass wörd"

    init(_ daemon: DaemonProcess) {
        self.daemon = daemon
        admin = MailMoveClient(socketPath: daemon.adminSocket, timeout: .seconds(60))
        login = MailMoveClient(socketPath: daemon.loginSocket, timeout: .seconds(60))
    }

    /// Runs a platform for as long as `body` takes.
    static func running<Result>(
        environment: [String: String] = [:], _ body: (Platform) async throws -> Result
    ) async throws -> Result {
        try await DaemonProcess.running(environment: environment) { try await body(Platform($0)) }
    }

    /// The same with the accounts created and their domain's migration from `server` enabled.
    static func migrating(
        from server: OldServerParameters, accounts: [String] = [ann], environment: [String: String] = [:],
        changing change: (inout EnableMigration) throws -> Void = { _ in },
        _ body: (Platform) async throws -> Void
    ) async throws {
        try await running(environment: environment) { platform in
            try await platform.create(accounts)
            try await platform.enable(server, changing: change)
            try await body(platform)
        }
    }

    func create(_ accounts: [String]) async throws {
        let rows = accounts.map { CreateAccounts.Row(address: $0, password: Password(Self.newPassword)) }
        let created = try await admin.createAccounts(rows)
        #expect(created.created == accounts.count)
        #expect(created.rejected.isEmpty)
    }

    @discardableResult
    func enable(
        _ server: OldServerParameters, changing change: (inout EnableMigration) throws -> Void = { _ in }
    ) async throws -> Migration {
        var parameters = EnableMigration(domain: try DomainName(Self.domain), oldServer: server)
        try change(&parameters)
        return try await admin.enableMigration(parameters)
    }

    func logIn(
        _ account: String = ann, password: String = oldPassword, via: TriggerOrigin = .imap, from: String? = nil
    ) async throws -> LoginDecision {
        try await login.authenticate(account: account, password: Password(password), via: via, remoteAddress: from)
    }

    @discardableResult
    func trigger(_ account: String = ann, password: String = oldPassword) async throws -> Status {
        try await login.triggerMigration(account: account, password: Password(password))
    }

    func status(_ account: String = ann) async throws -> Status {
        try await login.queryStatus(account: account)
    }

    /// Why the latest run, or the latest question, failed.
    func reason(_ account: String = ann) async throws -> Reason? {
        try await status(account).error?.reason
    }

    /// The status once it is as wanted; the last one after so many seconds.
    func status(
        _ account: String = ann, seconds: Int = 60, when isAsWanted: (Status) -> Bool
    ) async throws -> Status {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let status = try await status(account)
            if isAsWanted(status) || .now > deadline { return status }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The status once no run is going on any more.
    func settled(_ account: String = ann, seconds: Int = 60) async throws -> Status {
        try await status(account, seconds: seconds) { $0.status != .inProgress && $0.status != .notStarted }
    }

    /// What an account's events tell, all of it.
    func events(_ account: String = ann) async throws -> [EventPage.Event] {
        try await admin.listEvents(ListEvents(account: try EmailAddress(account))).events
    }
}

/// What a call failed with; nil where it did not.
func failure<Result>(of call: () async throws -> Result) async -> MailMoveError? {
    do {
        let result = try await call()
        Issue.record("it should have failed, and gave \(result)")
        return nil
    } catch let error as MailMoveError {
        return error
    } catch {
        Issue.record("it failed otherwise: \(error)")
        return nil
    }
}

extension Platform {
    /// Each of the messages has arrived once, and no other; an `X-UIDL` on top and line ends aside.
    func expectArrived(
        _ sent: [[UInt8]], _ account: String = ann, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let arrived = daemon.messages(of: account).map { withoutUIDL($0).octets }
        let here = Dictionary(grouping: arrived) { $0 }.mapValues(\.count)
        let wanted = Dictionary(grouping: sent.map(withLineFeeds)) { $0 }.mapValues(\.count)
        let missing = wanted.reduce(0) { $0 + max(0, $1.value - here[$1.key, default: 0]) }
        let extra = here.reduce(0) { $0 + max(0, $1.value - wanted[$1.key, default: 0]) }
        #expect(missing == 0, "of \(sent.count) messages", sourceLocation: sourceLocation)
        #expect(extra == 0, "beside \(sent.count) messages", sourceLocation: sourceLocation)
    }
}

/// A delivered message without the one field that may have been added on top, and that field's value.
func withoutUIDL(_ delivered: [UInt8]) -> (uid: String?, octets: [UInt8]) {
    let name = Array("X-UIDL: ".utf8)
    guard delivered.starts(with: name), let end = delivered.firstIndex(of: 10) else { return (nil, delivered) }
    return (String(decoding: delivered[name.count..<end], as: UTF8.self), Array(delivered[(end + 1)...]))
}

/// Octets as a Maildir keeps them: CRLF is LF.
func withLineFeeds(_ octets: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(octets.count)
    for octet in octets {
        if octet == 10, result.last == 13 { result.removeLast() }
        result.append(octet)
    }
    return result
}

/// A plain message, with CRLF, that no other number has.
func message(_ number: Int, lines: Int = 20) -> [UInt8] {
    let head = "Subject: message \(number)\r\nMessage-ID: <\(number)@test.example>\r\nFrom: bob@example.org\r\n\r\n"
    let body = (0..<lines).map { $0 % 7 == 3 ? ".line \($0) of \(number)\r\n" : "line \($0) of message \(number)\r\n" }
    return Array((head + body.joined()).utf8)
}

/// So many of them, with their UIDLs.
func messages(_ numbers: Range<Int>, lines: Int = 20) -> [MailboxServer.Message] {
    numbers.map { ("uid-\($0)", message($0, lines: lines)) }
}

extension OldServerParameters {
    /// A server on loopback, in the clear unless said otherwise.
    static func loopback(
        port: Int, _ security: TransportSecurity = .none, certificate: Certificate? = nil, secure: Bool = false
    ) -> OldServerParameters {
        OldServerParameters(
            host: "127.0.0.1", port: port, security: security, certificate: certificate, secureAuthentication: secure)
    }
}
