// SPDX-License-Identifier: Apache-2.0

public import Secrets
public import Vocabulary

/// Tries out old servers for administrators: it reports more about a server than moving mail needs.
public protocol OldServerProbe: Sendable {
    /// Reaches a server as ``MailSource/connect(to:timeouts:hiding:)`` does, for somebody who waits to hear what is
    /// wrong: a port that speaks TLS where the settings have none, or the reverse, is reported within ten seconds.
    ///
    /// - Parameter progress: called after each completed step, from any thread.
    func visit(
        _ server: OldServer, timeouts: Timeouts, hiding password: Password?,
        progress: @escaping @Sendable (ProbeStep) -> Void
    ) async throws(SourceError) -> any ProbedConnection

    /// The addresses that a connection would try, as the system looks them up.
    func addresses(of server: OldServer, timeouts: Timeouts) async throws(SourceError) -> [IPAddress]

    /// All addresses that a server's host has now, including this machine's own; none if it cannot be resolved.
    func allAddresses(of server: OldServer) async -> [IPAddress]

    /// Whether this is this very machine, the new platform: that is no old server, and asking it about a password would
    /// make it ask back.
    func leadsHere(_ address: IPAddress, port: Int) -> Bool
}

/// A completed step of reaching a server.
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

/// A connection that also tells what is known about its server.
public protocol ProbedConnection: SourceConnection {
    /// As the server has said so far: some say more after the login.
    var facts: ServerFacts { get }
}

/// What a server says about itself.
public struct ServerFacts: Sendable {
    /// Its greeting, without what the protocol begins it with.
    public var greeting: String
    /// One entry each, as received, with unprintable octets replaced.
    public var capabilities: [String]
    /// SASL mechanisms in upper case, as listed.
    public var mechanisms: [String]
    /// nil outside TLS.
    public var tls: TLSFacts?
    /// Whether it announces pipelining.
    public var pipelines: Bool
    /// Whether it announces permanent message ids (POP3's `UIDL`).
    public var hasUIDL: Bool
    /// Whether it announces that headers can be fetched alone (POP3's `TOP`).
    public var hasTOP: Bool
    public var traits: SourceTraits
    /// What the server says it is: names in lower case (IMAP's `ID`).
    public var id: [String: String]
    /// The paths of all folders that it has listed, whether they move or not.
    public var folders: [String]
    /// What the names of the user's own folders begin with (IMAP's `NAMESPACE`); nil if it does not say.
    public var namespace: String?

    public init(
        greeting: String, capabilities: [String], mechanisms: [String], tls: TLSFacts?, pipelines: Bool, hasUIDL: Bool,
        hasTOP: Bool, traits: SourceTraits, id: [String: String] = [:], folders: [String] = [],
        namespace: String? = nil
    ) {
        self.greeting = greeting
        self.capabilities = capabilities
        self.mechanisms = mechanisms
        self.tls = tls
        self.pipelines = pipelines
        self.hasUIDL = hasUIDL
        self.hasTOP = hasTOP
        self.traits = traits
        self.id = id
        self.folders = folders
        self.namespace = namespace
    }
}
