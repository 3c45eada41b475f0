// SPDX-License-Identifier: Apache-2.0

import MailSource

/// Questions at which sessions end before anything is fetched: the old server hangs up, falls silent, or makes no sense
/// there. After the second time in a row, the run's sessions do without.
struct StumblingBlocks: Sendable {
    private var latest: SourceError.Topic?
    private var times = 0
    private var asksNamespaces = true

    /// Counts that a session has ended.
    /// - Returns: whether the next one does without what this one has ended at.
    mutating func add(_ error: SourceError) -> Bool {
        switch error.code {
        case .closed, .timedOut, .protocolViolation: break
        default: return false
        }
        // A session that has not come so far tells nothing.
        guard let topic = error.topic else { return false }
        (latest, times) = (topic, topic == latest ? times + 1 : 1)
        // Once, it may have been the line.
        guard times >= 2 else { return false }
        switch topic {
        case .namespaces: asksNamespaces = false
        }
        return true
    }

    /// What a session is to do without.
    func limit(_ rules: inout FolderRules) { rules.asksNamespaces = asksNamespaces }
}
