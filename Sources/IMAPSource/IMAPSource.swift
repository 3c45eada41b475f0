// SPDX-License-Identifier: Apache-2.0

public import MailConnection
public import MailSource
public import NIOCore
public import Secrets
public import Vocabulary

/// Old servers that speak IMAP: all folders, with flags and dates.
///
/// 1. An ``IMAPDialler`` opens sessions: it resolves, connects and begins TLS.
/// 2. A `SocketWire` is a session's wire (`IMAPConnection`).
/// 3. An ``IMAPMailbox`` presents such a session to the rooms above. A password is right when the inbox opens.
/// 4. What folders there are, and where their mail goes, is decided by a `FolderPlan`; what messages there are, by a
///    ``FolderListing``; in what order they are asked for, by a `Retrieval`; and when the next folder is opened, by a
///    `FolderRetrieval`.
///
/// Nothing is changed over there, unless messages are to be deleted: folders are opened by EXAMINE, and bodies only
/// peeked at.
public struct IMAPSource: MailSource, OldServerProbe {
    private let dialler: IMAPDialler
    private let trust: TLSTrust

    /// - Parameter group: whose event loops the connections live on.
    public init(group: any EventLoopGroup, trust: TLSTrust = TLSTrust()) {
        dialler = IMAPDialler(group: group, trust: trust)
        self.trust = trust
    }

    // MARK: MailSource

    public func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection {
        try await dialler.open(server, timeouts: timeouts, hiding: password)
    }

    public func reload() { trust.reload() }

    // MARK: OldServerProbe

    public func visit(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (ProbeStep) -> Void
    ) async throws(SourceError) -> any ProbedConnection {
        let dialler = dialler
        let opening = PromptOpening<IMAPMailbox, SourceError>(
            dial: { timeouts, greeted in
                do throws(SourceError) {
                    return .success(
                        try await dialler.open(server, timeouts: timeouts, hiding: password) { step in
                            if step.step == .greeting { greeted() }
                            progress(step)
                        })
                } catch {
                    return .failure(error)
                }
            }, speaksTLS: { await dialler.speaksTLS(server, timeouts: $0) },
            needsTLS: IMAPDialler.needsTLS(server), abort: { $0.abort() })
        return try await opening.open(server.security, timeouts: timeouts)
    }

    public func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress] {
        try await dialler.addresses(of: server, timeouts: timeouts)
    }

    public func allAddresses(of server: OldServer) async -> [IPAddress] { await server.addresses() }

    public func leadsHere(_ address: IPAddress, port: Int) -> Bool {
        IMAPDialler.ownPorts.contains(port) && address.isThisMachine
    }
}
