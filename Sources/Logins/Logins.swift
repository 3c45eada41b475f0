// SPDX-License-Identifier: Apache-2.0

// What a login leads to.
//
// 1. ``LoginDesk`` reads all that it is decided on at one moment (``LoginFacts``), and compares the password with the local
//    hash, or with what it remembers of it (``PasswordCache``).
// 2. ``LoginDecision`` is what follows from that: the table of all cases, a value.
// 3. Where the old server decides, the guess has to be admitted (``GuessLimits``), waits for its account's turn
//    (`LoginQuestions`) and for a connection (``Questions``, ``QuestionLine``), unless the server has not answered lately
//    (``CircuitBreaker``).
// 4. What is accepted is handed over in one transaction, and a run is queued. What is rejected takes as long as any other
//    rejection (`LoginPads`).
// 5. What nobody waits for follows in the background (``BackgroundWork``, `LoginBackground`).
//
// `PortalTrigger` is the other way in: somebody who is inside already gives the old password.

public import Secrets
public import Statuses
public import Vocabulary

/// A login as a mail server reports it.
public struct Login: Sendable {
    public var account: EmailAddress
    public var password: Password
    public var via: TriggerOrigin
    /// The client's address, for counting; nil where the caller does not know it.
    public var remoteAddress: String?

    public init(account: EmailAddress, password: Password, via: TriggerOrigin, remoteAddress: String?) {
        self.account = account
        self.password = password
        self.via = via
        self.remoteAddress = remoteAddress
    }
}

/// What a mail server is to do with a login.
public struct LoginResult: Sendable {
    public typealias Decision = LoginDisposition

    public var decision: Decision
    public var passwordReplaced: Bool
    /// nil where there is no such account.
    public var status: AccountStatus?
    public var message: LocalizedText
}
