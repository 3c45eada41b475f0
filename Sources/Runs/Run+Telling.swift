// SPDX-License-Identifier: Apache-2.0

import MailSource
import Records
import Vocabulary

/// What a session leaves behind, and what the events tell of it.
extension Run {
    /// Messages that the store does not take are left behind, here and on the old server.
    mutating func leaveBehind(
        _ refused: [(message: ListedMessage, words: String)], _ fetch: inout Fetch, _ session: any MailboxSession
    ) {
        guard !refused.isEmpty else { return }
        let numbers = Set(refused.map(\.message.number))
        fetch.notTaken += numbers.count
        fetch.deletable.removeAll { numbers.contains($0.message.number) }
        for (message, words) in refused {
            progress.leftBehind(message)
            fetch.refusals.add(message, session.name(of: message), words)
        }
    }

    /// Nobody can tell whether these had arrived before.
    func tellOfDoubled(_ count: Int) async throws {
        guard count > 0 else { return }
        try await context.records.append([
            EventRecord(
                at: context.now(), account: account.address, kind: .perhapsDoubled,
                detail:
                    "\(count) messages were sent to the mail store once more after its answer was lost, for they were "
                    + "not where they would have arrived; if they had been moved or deleted here since, they are here again"
            )
        ])
    }

    mutating func tellThatNothingIsDeleted() async throws {
        let detail = "deleteAfterMove deletes nothing: the old server cannot delete single messages (UIDPLUS)"
        guard !progress.untold([detail]).isEmpty else { return }
        try await context.records.append([
            EventRecord(at: context.now(), account: account.address, kind: .oldServerLimits, detail: detail)
        ])
    }

    /// Records an event for each message left behind, once per run.
    mutating func tell(_ refusals: Refusals) async throws {
        let lines = progress.untold(refusals.lines)
        guard !lines.isEmpty else { return }
        let now = context.now()
        let address = account.address
        try await context.records.append(
            lines.map { line in
                EventRecord(at: now, account: address, kind: .messageRefused, reason: .messagesRefused, detail: line)
            })
    }
}
