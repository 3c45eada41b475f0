// SPDX-License-Identifier: Apache-2.0

/// Runs under way, so that the next process knows under which this one has died. Changes here need only outlive the
/// process: a power cut may take them back, and they cost no wait for the disk.
public protocol RunRecords: Sendable {
    /// A run of the account is going on. A suspect's is the only one of its kind at a time.
    /// - Parameter anew: what was held against the account before is forgotten.
    func beginRun(of account: AccountRecord.ID, isSuspect: Bool, anew: Bool) async throws
    /// It is to go on in the next process, or all are, where `account` is nil: if this one ends now, no run is to blame.
    func suspendRuns(of account: AccountRecord.ID?) async throws
    /// At the start, durably: holds the end of the process before against the runs that were going on under it; against
    /// the suspect's alone, where one was. An account that has moved something since the death before begins anew.
    /// - Returns: accounts under which the process has died more than once without their moving anything.
    func chargeRuns() async throws -> [RunDeaths]
}

/// How often the process has died under an account's run without its moving anything.
public struct RunDeaths: Hashable, Sendable {
    public var account: AccountRecord.ID
    public var deaths: Int
    /// The latest death was just now, and no other run was under way, or no other suspect's: there is no doubt.
    public var isCertain: Bool

    public init(account: AccountRecord.ID, deaths: Int, isCertain: Bool) {
        self.account = account
        self.deaths = deaths
        self.isCertain = isCertain
    }
}
