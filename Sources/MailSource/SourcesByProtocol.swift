// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// Old servers of every protocol: each is spoken to in its own.
public struct SourcesByProtocol: MailSource, OldServerProbe {
    private let pop3: any MailSource & OldServerProbe
    private let imap: any MailSource & OldServerProbe

    public init(pop3: any MailSource & OldServerProbe, imap: any MailSource & OldServerProbe) {
        self.pop3 = pop3
        self.imap = imap
    }

    private func source(of server: OldServer) -> any MailSource & OldServerProbe {
        switch server.mailProtocol {
        case .pop3: pop3
        case .imap: imap
        }
    }

    // MARK: MailSource

    public func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection {
        try await source(of: server).connect(to: server, timeouts: timeouts, hiding: password)
    }

    public func reload() {
        pop3.reload()
        imap.reload()
    }

    // MARK: OldServerProbe

    public func visit(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (ProbeStep) -> Void
    ) async throws(SourceError) -> any ProbedConnection {
        try await source(of: server).visit(server, timeouts: timeouts, hiding: password, progress: progress)
    }

    public func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress] {
        try await source(of: server).addresses(of: server, timeouts: timeouts)
    }

    public func allAddresses(of server: OldServer) async -> [IPAddress] {
        await source(of: server).allAddresses(of: server)
    }

    /// On whatever port mail is served here.
    public func leadsHere(_ address: IPAddress, port: Int) -> Bool {
        pop3.leadsHere(address, port: port) || imap.leadsHere(address, port: port)
    }
}
