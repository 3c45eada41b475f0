// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// What an account remembers as its latest attempt.
extension LoginEffects {
    /// What the account remembers of a question that was not answered by yes; nil for any other outcome.
    var refusal: PasswordAttempt? {
        let (outcome, reason): (AttemptOutcome, Reason?)
        switch self.outcome {
        case .rejected: (outcome, reason) = (.rejected, .credentialsRejected)
        case .noSuchUser: (outcome, reason) = (.noSuchUser, nil)
        case .postponed(let why, _), .failed(let why, _): (outcome, reason) = (.unavailable, why)
        case .notAsked(let came, let why): (outcome, reason) = (came, why)
        case .takenOver, .intended, .settled, .changedElsewhere, .takenIn, .started, .startedByMaster, .repaired,
            .askedForMore,
            .willBeShown, .wasNotShown:
            return nil
        }
        return PasswordAttempt(at: now, via: via, outcome: outcome, reason: reason)
    }

    var acceptance: PasswordAttempt { PasswordAttempt(at: now, via: via, outcome: .accepted) }
}
