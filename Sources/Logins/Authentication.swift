// SPDX-License-Identifier: Apache-2.0

import Secrets

/// Logins through a mail program.
extension LoginDesk {
    /// Decides a login. Waits for the old server's answer where it must, never for a move.
    /// - Throws: ``MoveError`` with `tooManyAttempts`, `overloaded` or `shuttingDown`; `RecordsError`.
    public func authenticate(_ login: Login) async throws -> LoginResult {
        directory.decidesLogins ? try await decide(login) : try await passOn(login)
    }

    func decide(_ login: Login) async throws -> LoginResult {
        guard login.password.isAcceptable else { return try await wrong(login) }
        let start = ContinuousClock.now
        // Decided afresh whenever something changed meanwhile, within limits: settings that change all the time must
        // not keep a login here for ever.
        for _ in 0..<5 {
            var facts = try await facts(of: login.account, given: login.password)
            if isLeftAlone(facts) {
                noteStranger(login, facts)
                return accepted(facts)
            }
            // Without an account, the old server is asked with the spelling as given, which may matter to it.
            let digest = digester.digest(
                login.password, context: facts.account?.address.description ?? login.account.asGiven)
            let matches = try await verify(login.password, digest: digest, facts)
            facts = try await judged(facts, login, digest, matches: matches)
            switch LoginDecision(facts, matches: matches) {
            case .accept: return accepted(facts)
            case .acceptAndRun:
                background.submit(login.account, .run) { [facts] in await self.requestRun(login, facts) }
                return accepted(facts)
            case .acceptAndAsk:
                background.submit(login.account, .question) { [facts] in await self.askInBackground(login, facts) }
                return accepted(facts)
            case .reject: return try await rejectUnasked(login, facts, digest, since: start)
            case .ask, .askAndCreate:
                if try await opensAnotherWay(login, facts) { return accepted(facts) }
                if let result = try await ask(login, digest, facts, since: start) { return result }
            }
        }
        return unavailable(nil, .overloaded)
    }

    /// A password that cannot exist: wrong, and nobody is asked.
    private func wrong(_ login: Login) async throws -> LoginResult {
        rejected(try await facts(of: login.account))
    }
}
