// SPDX-License-Identifier: Apache-2.0

/// Runs in progress, so that the next process knows during which runs this one died. Changes here need only outlive the
/// process: a power cut may undo them, and they do not wait for the disk.
public protocol RunRecords: Sendable {
    /// A run of the account begins. There is at most one suspect's run at a time.
    /// - Parameter anew: whether deaths counted against the account so far are forgotten.
    func beginRun(of account: AccountRecord.ID, isSuspect: Bool, anew: Bool) async throws
    /// The account's run, or every run if `account` is nil, continues in the next process: if this one ends now, no run
    /// is to blame.
    func suspendRuns(of account: AccountRecord.ID?) async throws
    /// At the start, durably: counts the end of the previous process against the runs that were in progress, or only
    /// against the suspect's, if there was one. An account that has moved something since its last death starts from
    /// zero.
    /// - Returns: accounts during whose runs the process has died more than once without their moving anything.
    func chargeRuns() async throws -> [RunDeaths]
}

/// How often the process has died during an account's runs without its moving anything.
public struct RunDeaths: Hashable, Sendable {
    public var account: AccountRecord.ID
    public var deaths: Int
    /// Whether there is no doubt about the cause: the last death was just now, and no other run (or no other suspect's)
    /// was in progress.
    public var isCertain: Bool

    public init(account: AccountRecord.ID, deaths: Int, isCertain: Bool) {
        self.account = account
        self.deaths = deaths
        self.isCertain = isCertain
    }
}
