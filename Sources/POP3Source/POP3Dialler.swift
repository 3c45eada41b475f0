// SPDX-License-Identifier: Apache-2.0

import MailConnection
import MailSession
import NIOCore
import POP3
import Secrets
import Vocabulary

/// Opens sessions over sockets: resolves, connects, reads greeting and capabilities, and begins TLS according to the
/// settings.
struct POP3Dialler: Sendable {
    private let group: any EventLoopGroup
    private let trust: TLSTrust

    /// On these ports this machine itself would answer: the new platform, not an old server.
    static let ownPorts: Set = [110, 995]

    init(group: any EventLoopGroup, trust: TLSTrust) {
        self.group = group
        self.trust = trust
    }

    /// - Parameters:
    ///   - password: removed from whatever the server says, since it may know the password from an earlier session.
    ///   - progress: called after each step, from any thread.
    func open(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password? = nil,
        progress: @escaping @Sendable (Opening.Progress) -> Void = { _ in }
    ) async throws(POP3Error) -> POP3Session {
        let loop = group.next()
        let opening = Opening(server, hiding: password, progress: progress)
        let resolution = try await opening.take(.resolve) { () async throws(WireFailure) in
            try await Resolution.of(server, ownPorts: Self.ownPorts, timeouts: timeouts, on: loop)
        } detail: {
            $0.ipAddresses.map(\.description).joined(separator: ", ")
        }
        let wire = try await opening.take(.connect) { () async throws(WireFailure) in
            try await SocketWire.connect(to: resolution, of: server, timeouts: timeouts, trust: trust, on: loop)
        } detail: {
            $0.remoteAddress
        }
        do throws(POP3Error) {
            return try await opening.session(over: wire)
        } catch {
            guard error.code == .timedOut, error.step == .greeting, await speaksTLS(server, timeouts: timeouts)
            else { throw error }
            throw Self.needsTLS(server)
        }
    }

    /// The same, for somebody who waits to hear what is wrong.
    func openPromptly(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (Opening.Progress) -> Void
    ) async throws(POP3Error) -> POP3Session {
        let opening = PromptOpening<POP3Session, POP3Error>(
            dial: { timeouts, greeted in
                do throws(POP3Error) {
                    return .success(
                        try await open(server, timeouts: timeouts, hiding: password) { step in
                            if step.step == .greeting { greeted() }
                            progress(step)
                        })
                } catch {
                    return .failure(error)
                }
            }, speaksTLS: { await speaksTLS(server, timeouts: $0) }, needsTLS: Self.needsTLS(server),
            abort: { $0.abort() })
        return try await opening.open(server.security, timeouts: timeouts)
    }

    /// The error of ``open(_:timeouts:hiding:progress:)`` if the settings have no TLS, and the server's port speaks
    /// nothing else.
    static func needsTLS(_ server: OldServer) -> POP3Error {
        POP3Error(.speaksTLSAlone, of: server, at: .greeting, Scrubber())
    }

    /// Whether the server's port speaks TLS from the first octet, as a port that sends no greeting may. Sends only the
    /// start of a handshake; takes a few seconds at most.
    func speaksTLS(_ server: OldServer, timeouts: Timeouts) async -> Bool {
        var probe = server
        probe.security = .tls
        probe.certificate = CertificateCheck(verify: .none)
        let timeouts = Timeouts(connect: min(timeouts.connect, .seconds(4)), read: timeouts.read)
        let loop = group.next()
        do throws(WireFailure) {
            let wire = try await SocketWire.connect(
                to: try await Resolution.of(probe, ownPorts: Self.ownPorts, timeouts: timeouts, on: loop), of: probe,
                timeouts: timeouts, trust: trust, on: loop)
            defer { wire.close() }
            _ = try await wire.startTLS()
            return true
        } catch {
            return error.speaksTLS
        }
    }

    /// The addresses that ``open(_:timeouts:hiding:progress:)`` would try, as the system looks them up.
    func addresses(of server: OldServer, timeouts: Timeouts) async throws(POP3Error) -> [IPAddress] {
        do throws(WireFailure) {
            let resolution = try await Resolution.of(
                server, ownPorts: Self.ownPorts, timeouts: timeouts, on: group.next())
            return resolution.ipAddresses
        } catch {
            throw POP3Error(error, of: server, at: .resolve, Scrubber())
        }
    }
}
