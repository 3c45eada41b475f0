// SPDX-License-Identifier: Apache-2.0

// What a login leads to.
//
// 1. ``LoginDesk`` reads everything that decides the login at one moment (``LoginFacts``), and compares the password
//    with the local hash, or with what it remembers of earlier comparisons (``PasswordCache``).
// 2. ``LoginDecision`` says what follows: the table of all cases, a value.
// 3. If the old server decides, the guess has to be admitted (``GuessLimits``), then waits for its account's turn
//    (`LoginQuestions`) and for a place at the server (``Questions``; `OldServerPolicy` decides whose turn it is, and
//    whether the server is worth asking). A question that outlasts its login goes on (``LateQuestions``).
// 4. An accepted password is handed over in one transaction, and a run is queued. A rejection takes as long as any
//    other (`LoginPads`).
// 5. Work that nobody waits for follows in the background (``BackgroundWork``, `LoginBackground`).
//
// `PortalTrigger` is the other way in: a user who is already logged in gives the old password.

public import Secrets
public import Statuses
public import Vocabulary

/// A login as a mail server reports it.
public struct Login: Sendable {
    public var account: EmailAddress
    public var password: Password
    public var via: TriggerOrigin
    /// The client's address, for counting guesses; nil if the caller does not know it.
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
    /// Why it is unavailable.
    public var reason: Reason?
}
