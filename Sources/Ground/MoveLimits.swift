// SPDX-License-Identifier: Apache-2.0

public import DNS
import Records
public import Secrets
public import Vocabulary

/// The bounds that the administrator sets; durations in seconds.
public struct MoveLimits: Sendable {
    /// Accounts moving at once.
    public var concurrentMoves = Defaults.concurrentMoves
    /// Connections of moves to one old server at once.
    public var connectionsPerOldServer = Defaults.connectionsPerOldServer
    /// Octets of messages that one move asks for ahead of what has arrived.
    public var windowOctets = 8 << 20
    /// Of one account.
    public var secondsBetweenRuns = Defaults.secondsBetweenRuns
    /// Different wrong passwords in ``failureWindow``, after which the old server is not asked.
    public var failuresPerAccount = Defaults.failuresPerAccount
    public var failuresPerAddress = Defaults.failuresPerAddress
    /// Gateways whose users share an address: not counted per address.
    public var trustedAddresses: Set<String> = []
    /// Networks whose logins are other programs' of the platform, not users'.
    public var ownNetworks: [IPNetwork] = []
    public var failureWindow = 600.0
    public var connectTimeout = Defaults.connectTimeout
    public var readTimeout = Defaults.readTimeout
    /// In all, for the answer to one login.
    public var loginTimeout = Defaults.loginTimeout
    /// How long the session in which a password was accepted waits for the run that goes on in it.
    public var checkedSessionSeconds = 1.0
    /// The resolver that a domain check asks.
    public var resolver = Resolver()
    public var passwordScheme = PasswordScheme.yescrypt
    /// How long a right password is remembered; 0 is off.
    public var passwordCacheSeconds = Defaults.passwordCacheSeconds
    /// Between runs that fail for a reason that passes: doubled from the first to the last, for so long.
    public var firstRetry = 2.0
    public var lastRetry = 900.0
    public var retryFor = 86400.0
    /// Who is told of news; nil if nobody is.
    public var noticeAddress: NoticeAddress?
    /// Pause before a run whose outcome could not be recorded is tried again.
    public var recordsRetry = 10.0

    /// When a run may have more than one connection.
    public var additionalConnections = AdditionalConnections()

    public init() {}

    /// How long an old server must have been silent, in seconds, before that is held against it.
    package var patience: Double { loginTimeout / 2 }
}

/// When a run opens another connection beside the one that it has; see `limits.connectionsPerOldServer`, which counts them,
/// too.
public struct AdditionalConnections: Sendable {
    /// Beside the first.
    public var most = 3
    /// For so long it is measured what there is without it.
    public var afterSeconds = 5.0
    /// What is left must last so long without it.
    public var leastSecondsLeft = 15.0
    /// It has to bring so many times of what there was.
    public var leastGain = 1.2

    public init() {}
}
