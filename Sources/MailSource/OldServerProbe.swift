// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// Tries old servers out for whoever sets them up: tells more of a server than moving mail needs.
public protocol OldServerProbe: Sendable {
    /// Reaches a server as ``MailSource/connect(to:timeouts:hiding:)`` does, for somebody who waits to hear what is wrong:
    /// a port that speaks TLS where the settings have none, or the other way round, is told within ten seconds.
    ///
    /// - Parameter progress: called after each step that has been taken, from any thread.
    func visit(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (ProbeStep) -> Void
    ) async throws(SourceError) -> any ProbedConnection

    /// The addresses that a connection would try, as the system looks them up.
    func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress]

    /// All addresses that a server's host has now, this machine's own among them; none where the system finds none.
    func allAddresses(of server: OldServer) async -> [IPAddress]

    /// Whether this is this very machine, the new platform: no old server, and whoever asked it about a password would be
    /// asked in turn.
    func leadsHere(_ address: IPAddress, port: Int) -> Bool
}

/// A step of reaching a server that has been taken.
public struct ProbeStep: Sendable {
    public var step: SourceError.Step
    public var duration: Duration
    /// What was found, for people.
    public var detail: String

    public init(step: SourceError.Step, duration: Duration, detail: String) {
        self.step = step
        self.duration = duration
        self.detail = detail
    }
}

/// A line that tells what is known of its server.
public protocol ProbedConnection: SourceConnection {
    /// As the server has said so far: some say more after the login.
    var facts: ServerFacts { get }
}

/// What a server says of itself.
public struct ServerFacts: Sendable {
    /// Its greeting, without what the protocol begins it with.
    public var greeting: String
    /// One entry each, as they came, other than printable octets replaced.
    public var capabilities: [String]
    /// SASL mechanisms in upper case, as listed.
    public var mechanisms: [String]
    /// nil outside TLS.
    public var tls: TLSFacts?
    /// Whether it announces that commands may be sent ahead.
    public var pipelines: Bool
    /// Whether it announces that messages have ids for good (POP3's `UIDL`).
    public var hasUIDL: Bool
    /// Whether it announces that a message's header can be had alone (POP3's `TOP`).
    public var hasTOP: Bool
    public var traits: SourceTraits

    public init(
        greeting: String, capabilities: [String], mechanisms: [String], tls: TLSFacts?, pipelines: Bool, hasUIDL: Bool,
        hasTOP: Bool, traits: SourceTraits
    ) {
        self.greeting = greeting
        self.capabilities = capabilities
        self.mechanisms = mechanisms
        self.tls = tls
        self.pipelines = pipelines
        self.hasUIDL = hasUIDL
        self.hasTOP = hasTOP
        self.traits = traits
    }
}
