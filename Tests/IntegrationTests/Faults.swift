// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

/// A platform that something goes wrong with: ann's and bob's mail on an old server, and a fault made for real.
struct Faults: Sendable {
    let platform: Platform
    let server: MailboxServer

    static let ann = Platform.ann
    static let bob = "bob@example.com"
    static let nobody = "nobody"
    static let nobodyID: UInt32 = 65534
    /// About 600 KB each.
    static let annsMail = messages(0..<120, lines: 220)
    static let bobsMail = messages(1000..<1120, lines: 220)

    var daemon: DaemonProcess { platform.daemon }

    /// Runs a daemon, after `prepare` has made of its folders what the test wants.
    static func running(
        as user: String? = nil, pace: Int = 0, prepare: (DaemonProcess) throws -> Void = { _ in },
        _ body: (Faults) async throws -> Void
    ) async throws {
        var options = MailboxServer.Options()
        options.pauseMilliseconds = pace
        let server = try MailboxServer(
            passwords: [ann: Platform.oldPassword, bob: Platform.oldPassword],
            mail: [ann: annsMail, bob: bobsMail], options: options)
        defer { server.stop() }
        let daemon = try DaemonProcess(user: user)
        try prepare(daemon)
        defer { daemon.kill() }
        try await daemon.start()
        let platform = Platform(daemon)
        try await platform.create([ann, bob])
        try await platform.enable(.loopback(port: server.port))
        try await body(Faults(platform: platform, server: server))
    }

    /// Ann cannot be moved for now, and is told why, with what to do; bob is not concerned.
    func expectOnlyAnnFails(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await platform.trigger(Self.ann)
        try await platform.trigger(Self.bob)
        try await expectAnnFails(text, sourceLocation: sourceLocation)
        let bob = try await platform.settled(Self.bob)
        #expect(bob.status == .completed, sourceLocation: sourceLocation)
        platform.expectArrived(Self.bobsMail.map(\.octets), Self.bob, sourceLocation: sourceLocation)
    }

    func expectAnnFails(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let status = try await platform.settled(Self.ann)
        #expect(status.status == .failed, sourceLocation: sourceLocation)
        #expect(status.error?.reason == .mailStoreUnavailable, sourceLocation: sourceLocation)
        #expect(status.error?.retryable == true, sourceLocation: sourceLocation)
        #expect(
            status.error?.detail.contains(text) == true, "\(status.error?.detail ?? "")", sourceLocation: sourceLocation
        )
        let events = try await platform.events(Self.ann)
        #expect(events.contains { $0.kind == "failed" && $0.reason == .mailStoreUnavailable })
    }

    /// Once the fault is over all of it arrives, by itself.
    func expectAnnArrives(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let status = try await platform.status(Self.ann, seconds: 120) { $0.status == .completed }
        #expect(status.status == .completed, "\(status)", sourceLocation: sourceLocation)
        #expect(status.moved == Self.annsMail.count, sourceLocation: sourceLocation)
        platform.expectArrived(Self.annsMail.map(\.octets), Self.ann, sourceLocation: sourceLocation)
        #expect(daemon.files(of: Self.ann, in: "tmp").isEmpty, sourceLocation: sourceLocation)
    }

    /// As `getServiceStatus` has it, once it is so.
    func expectService(
        store: Bool = true, mailStore: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        var status = try await platform.admin.getServiceStatus()
        for _ in 0..<200 where status.store.ok != store || status.mailStore.ok != mailStore {
            try await Task.sleep(for: .milliseconds(50))
            status = try await platform.admin.getServiceStatus()
        }
        #expect(status.store.ok == store, "\(status)", sourceLocation: sourceLocation)
        #expect(status.mailStore.ok == mailStore, "\(status)", sourceLocation: sourceLocation)
    }

    /// Waits until some of ann's mail is here.
    func someOfAnnsMail() async throws {
        _ = try await platform.status(Self.ann) { $0.moved > 0 }
    }
}
