// SPDX-License-Identifier: Apache-2.0

package import Records

extension MoveScheduler {
    /// Stops runs whose sealed password has been erased. Those that were still waiting end here.
    package func stop(_ accounts: [AccountRecord.ID], _ reason: RunControl.StopReason) async throws {
        let waiting = accounts.filter { !cancel($0, reason) }
        let clock = RunClock(now: context.now(), uptime: context.uptime(), spans: runner.commons.spans)
        let limits = context.limits
        for portion in stride(from: 0, to: waiting.count, by: 500).map({ waiting[$0..<min($0 + 500, waiting.count)] }) {
            let outcomes = try await context.records.changeEach(portion.map(AccountKey.id)) { _, facts in
                // A trigger that came meanwhile, under new settings, is none of this.
                guard var row = facts.account, row.sealed == nil, row.outcome == .inProgress,
                    let settings = facts.settings
                else { return (nil, ()) }
                let mark = PasswordMark(revision: row.revision, generation: settings.generation)
                let event = row.end(
                    .stopped(reason), keeps: false, brought: false, asked: mark, settings, limits, clock)
                return (AccountEffects(row, events: [event].compactMap(\.self)), ())
            }
            for outcome in outcomes {
                switch outcome {
                case .success((let row?, _)): statuses.changed(row)
                case .success: break
                case .failure(let error): context.log.error("that a run has been stopped cannot be recorded: \(error)")
                }
            }
        }
    }
}
