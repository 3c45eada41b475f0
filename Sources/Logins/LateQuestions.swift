// SPDX-License-Identifier: Apache-2.0

import Secrets
import Synchronization
import Vocabulary
import Waiting

/// Questions that are under way, so that who asks the same again waits for their answer instead of asking: a program that
/// tries anew every few seconds would otherwise take up one connection after the other, and be the slower for it.
final class LateQuestions: Sendable {
    struct Key: Hashable, Sendable {
        let digest: PasswordDigest
        let account: Int64?
        /// The answer takes effect for what it was asked about alone.
        let revision: Int64?
        let generation: Int64?

        init(_ digest: PasswordDigest, _ facts: LoginFacts) {
            self.digest = digest
            account = facts.account?.id
            revision = facts.account?.revision
            generation = facts.settings?.generation
        }
    }

    private let answers = Mutex<[Key: Latch<Void>]>([:])

    /// Settled when the answer has taken effect; nil where nobody has asked.
    func answer(to key: Key) -> Latch<Void>? { answers.withLock { $0[key] } }

    func begin(_ key: Key) { answers.withLock { $0[key] = Latch() } }

    func end(_ key: Key) { answers.withLock { $0.removeValue(forKey: key) }?.settle(()) }
}
