// SPDX-License-Identifier: Apache-2.0

/// What holds where nobody has said anything else, of what more than one room has to know. Durations are in seconds.
public enum Defaults {
    // The daemon's configuration.
    public static let concurrentMoves = 64
    public static let connectionsPerOldServer = 16
    public static let secondsBetweenRuns = 10.0
    public static let failuresPerAccount = 5
    public static let failuresPerAddress = 50
    public static let connectTimeout = 10.0
    public static let readTimeout = 60.0
    public static let loginTimeout = 10.0
    public static let passwordCacheSeconds = 300.0

    // The contract's parameters.
    public static let validDays = 30
    public static let pageLength = 100
    public static let followUpMinutes = 30
}
