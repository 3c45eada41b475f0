// SPDX-License-Identifier: Apache-2.0

public import MailConnection
public import MailSource
public import NIOCore
import POP3
public import Secrets
public import Vocabulary

/// Old servers that speak POP3: one folder, the inbox.
///
/// 1. A ``POP3Dialler`` opens sessions: it resolves, connects and begins TLS.
/// 2. A `SocketWire` is a session's wire; a `ChannelHandler` moves octets between its channel and the protocol
///    machine.
/// 3. A `POP3Mailbox` presents such a session to the rooms above; errors become a `SourceError` in one place.
/// 4. A `PromptOpening` opens one for somebody who waits to hear what is wrong.
public struct POP3Source: MailSource, OldServerProbe {
    private let dialler: POP3Dialler
    private let trust: TLSTrust

    /// - Parameter group: whose event loops the connections live on.
    public init(group: any EventLoopGroup, trust: TLSTrust = TLSTrust()) {
        dialler = POP3Dialler(group: group, trust: trust)
        self.trust = trust
    }

    // MARK: MailSource

    public func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection {
        try await POP3Mailbox.told { () async throws(POP3Error) in
            POP3Mailbox(session: try await dialler.open(server, timeouts: timeouts, hiding: password))
        }
    }

    public func reload() { trust.reload() }

    // MARK: OldServerProbe

    public func visit(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (ProbeStep) -> Void
    ) async throws(SourceError) -> any ProbedConnection {
        try await POP3Mailbox.told { () async throws(POP3Error) in
            POP3Mailbox(
                session: try await dialler.openPromptly(server, timeouts: timeouts, hiding: password) { step in
                    progress(
                        ProbeStep(step: SourceError.Step(step.step), duration: step.duration, detail: step.detail))
                })
        }
    }

    public func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress] {
        try await POP3Mailbox.told { () async throws(POP3Error) in
            try await dialler.addresses(of: server, timeouts: timeouts)
        }
    }

    public func allAddresses(of server: OldServer) async -> [IPAddress] { await server.addresses() }

    public func leadsHere(_ address: IPAddress, port: Int) -> Bool {
        POP3Dialler.ownPorts.contains(port) && address.isThisMachine
    }
}
