// SPDX-License-Identifier: Apache-2.0

import IMAP
import IMAPConnection
import MailConnection
import MailSession
import MailSource
import NIOCore
import Secrets
import Vocabulary

/// Opens sessions over sockets: resolves, connects, reads greeting and capabilities, and begins TLS according to the
/// settings.
struct IMAPDialler: Sendable {
    private let group: any EventLoopGroup
    private let trust: TLSTrust

    /// On these ports this machine itself would answer: the new platform, not an old server.
    static let ownPorts: Set = [143, 993]

    init(group: any EventLoopGroup, trust: TLSTrust) {
        self.group = group
        self.trust = trust
    }

    /// - Parameters:
    ///   - password: removed from whatever the server says, since it may know the password from an earlier session.
    ///   - progress: called after each step, from any thread.
    func open(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password? = nil,
        progress: @escaping @Sendable (ProbeStep) -> Void = { _ in }
    ) async throws(SourceError) -> IMAPMailbox {
        let (loop, scrubber) = (group.next(), Scrubber(password: password))
        func take<Value>(
            _ step: SourceError.Step, _ work: () async throws(WireFailure) -> Value, detail: (Value) -> String
        ) async throws(SourceError) -> Value {
            let start = ContinuousClock.now
            do throws(WireFailure) {
                let value = try await work()
                progress(ProbeStep(step: step, duration: .now - start, detail: detail(value)))
                return value
            } catch {
                throw SourceError(error, of: server, at: step, scrubber)
            }
        }
        let resolution = try await take(.resolve) { () async throws(WireFailure) in
            try await Resolution.of(server, ownPorts: Self.ownPorts, timeouts: timeouts, on: loop)
        } detail: {
            $0.ipAddresses.map(\.description).joined(separator: ", ")
        }
        let wire = try await take(.connect) { () async throws(WireFailure) in
            try await SocketWire.connect(to: resolution, of: server, timeouts: timeouts, trust: trust, on: loop)
        } detail: {
            $0.remoteAddress
        }
        let opening = Opening(server, scrubber) { done in
            progress(ProbeStep(step: SourceError.Step(done.step), duration: done.duration, detail: done.detail))
        }
        do throws(Opening.Failure) {
            return IMAPMailbox(server, over: wire, try await opening.open(wire), scrubber)
        } catch {
            wire.close()
            let step = SourceError.Step(error.step)
            guard error.failure.code == .timedOut, step == .greeting, server.security != .tls,
                await speaksTLS(server, timeouts: timeouts)
            else {
                throw SourceError(error.failure, of: server, at: step, scrubber)
            }
            throw Self.needsTLS(server)
        }
    }

    /// The error of ``open(_:timeouts:hiding:progress:)`` if the settings have no TLS, and the server's port speaks
    /// nothing else.
    static func needsTLS(_ server: OldServer) -> SourceError {
        SourceError(.speaksTLSAlone, of: server, at: .greeting, Scrubber())
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
    func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress] {
        do throws(WireFailure) {
            return try await Resolution.of(
                server, ownPorts: Self.ownPorts, timeouts: timeouts, on: group.next()
            ).ipAddresses
        } catch {
            throw SourceError(error, of: server, at: .resolve, Scrubber())
        }
    }
}

extension SourceError {
    /// For people: with the server's name, and what it said, scrubbed.
    init(_ failure: WireFailure, of server: OldServer, at step: Step, _ scrubber: Scrubber) {
        let said = failure.quoted.isEmpty ? "" : "; it said: \(scrubber.text(of: failure.quoted))"
        self.init(
            code: failure.code, step: step, detail: "the old server \(server.subject) \(failure.message)\(said)",
            pause: failure.pause, advice: failure.advice)
    }
}

extension SourceError.Step {
    init(_ step: Opening.Step) {
        self =
            switch step {
            case .greeting: .greeting
            case .capabilities: .capabilities
            case .tls: .tls
            }
    }
}
