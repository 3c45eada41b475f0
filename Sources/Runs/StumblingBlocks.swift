// SPDX-License-Identifier: Apache-2.0

import MailSource

/// Questions at which sessions end before anything is fetched: the old server hangs up, falls silent, or makes no sense
/// there. After the second time in a row, the run's sessions do without: a folder is passed over like one that the old
/// server does not open, so that it does not hold up the others.
struct StumblingBlocks: Sendable {
    /// Beyond this many folders, it is the server that makes no sense.
    private static let most = 5

    private var latest: SourceError.Topic?
    private var times = 0
    private var asksNamespaces = true
    /// By path, and why.
    private var passedOver: [[String]: String] = [:]
    /// Whether folders are asked about one by one, for a session has ended, and it is not certain at which.
    private(set) var isCareful = false

    /// Counts that a session has ended.
    /// - Returns: whether the next one does without what this one has ended at.
    mutating func add(_ error: SourceError) -> Bool {
        switch error.code {
        case .closed, .timedOut, .protocolViolation: break
        default: return false
        }
        guard error.step == .folders || error.step == .listing else {
            // What ends while mail comes has got further than that.
            if error.step == .fetch { (latest, times) = (nil, 0) }
            return false
        }
        guard let topic = error.topic else {
            isCareful = true
            return false
        }
        (latest, times) = (topic, topic == latest ? times + 1 : 1)
        // Once, it may have been the line.
        guard times >= 2 else { return false }
        switch topic {
        case .namespaces: asksNamespaces = false
        case .folder(let path):
            guard passedOver.count < Self.most else { return false }
            passedOver[path] = error.description
        }
        return true
    }

    /// What a session is to do without.
    func limit(_ rules: inout FolderRules) {
        rules.asksNamespaces = asksNamespaces
        rules.passedOver = passedOver
        rules.asksOneByOne = isCareful
    }
}
