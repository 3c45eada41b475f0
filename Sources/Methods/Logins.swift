// SPDX-License-Identifier: Apache-2.0

import Logins
import MailMoveAPI
import Measures
import Vocabulary

extension MethodTable {
    func authenticate(_ parameters: Authenticate) async throws -> MailMoveAPI.LoginDecision {
        let result = try await move.logins.authenticate(
            Login(
                account: parameters.account, password: parameters.password, via: parameters.via ?? .other,
                remoteAddress: parameters.remoteAddress))
        Measures.loginDecided(result.decision.rawValue)
        return MailMoveAPI.LoginDecision(
            decision: result.decision, passwordReplaced: result.passwordReplaced,
            migration: result.status.map(Status.init),
            message: result.message, reason: result.reason?.rawValue)
    }

    func triggerMigration(_ parameters: TriggerMigration) async throws -> Status {
        Status(
            try await move.logins.trigger(
                Login(
                    account: parameters.account, password: parameters.password, via: parameters.via ?? .portal,
                    remoteAddress: parameters.remoteAddress)))
    }
}
