// SPDX-License-Identifier: Apache-2.0

public import DNS
import Records
public import Secrets

/// The bounds that the administrator sets; durations in seconds.
public struct MoveLimits: Sendable {
    /// Accounts moving at once.
    public var concurrentMoves = 64
    /// POP3 connections of moves to one old server at once.
    public var connectionsPerOldServer = 16
    /// Octets of messages that one move may have requested and not yet received.
    public var windowOctets = 4 << 20
    /// Between the runs of one account.
    public var secondsBetweenRuns = 10.0
    /// After this many different wrong passwords within ``failureWindow`` the old server is not asked.
    public var failuresPerAccount = 5
    public var failuresPerAddress = 50
    /// Gateways whose users share one address: guesses from there are not counted per address.
    public var trustedAddresses: Set<String> = []
    public var failureWindow = 600.0
    public var connectTimeout = 10.0
    public var readTimeout = 60.0
    /// For the whole of one login, until its answer.
    public var loginTimeout = 10.0
    /// How long a session whose password was accepted waits for the run that will continue in it.
    public var checkedSessionSeconds = 1.0
    /// The resolver that a domain check asks.
    public var resolver = Resolver()
    public var passwordScheme = PasswordScheme.yescrypt
    /// How long a correct password is remembered; 0 turns this off.
    public var passwordCacheSeconds = 300.0
    /// Pause after a run that failed for a passing reason: doubled from the first to the last, for `retryFor` in all.
    public var firstRetry = 2.0
    public var lastRetry = 900.0
    public var retryFor = 86400.0
    /// Pause before a run whose outcome could not be recorded is tried again.
    public var recordsRetry = 10.0

    public init() {}

    /// Login checks have connections of their own, so that moves never starve them.
    package var loginConnectionsPerOldServer: Int { max(4, connectionsPerOldServer / 4) }

    /// How long an old server must have been silent, in seconds, before that is held against it.
    package var patience: Double { loginTimeout / 2 }
}
