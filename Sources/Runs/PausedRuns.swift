// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Statuses
import Vocabulary

extension MoveScheduler {
    /// A paused account has no run that would give up, so this does it: no password is kept longer than by a run, and
    /// what a run would not do after the window's end is not done later.
    package func giveUpPaused() async throws {
        let clock = RunClock(now: context.now(), uptime: context.uptime(), spans: runner.commons.spans)
        let limits = context.limits
        let paused = try await context.records.accountsWithSealedPassword().filter(\.isPaused).map(\.id)
        for portion in stride(from: 0, to: paused.count, by: 500).map({ paused[$0..<min($0 + 500, paused.count)] }) {
            let outcomes = try await context.records.changeEach(portion.map(AccountKey.id)) { _, facts in
                guard var row = facts.account, row.isPaused, let settings = facts.settings,
                    let event = row.giveUpWhilePaused(settings, limits, clock)
                else { return (nil, ()) }
                return (AccountEffects(row, events: [event].compactMap(\.self)), ())
            }
            for outcome in outcomes {
                switch outcome {
                case .success((let row?, _)): statuses.changed(row)
                case .success: break
                case .failure(let error): context.log.error("the password of a paused account stays: \(error)")
                }
            }
        }
    }
}

extension AccountRecord {
    /// - Returns: nil where nothing is given up; else the event that reports it, if it is worth one.
    mutating func giveUpWhilePaused(
        _ settings: MigrationSettings, _ limits: MoveLimits, _ clock: RunClock
    ) -> EventRecord?? {
        guard let pending else { return nil }
        if settings.state(at: clock.now) == .expired, pending.kind != .first, outcome != .inProgress {
            let mark = PasswordMark(revision: revision, generation: settings.generation)
            return .some(
                end(.stopped(.expired), keeps: false, brought: false, asked: mark, settings, limits, clock))
        }
        let isOver =
            switch pending.kind {
            case .retry:
                pending.failingSince.map {
                    clock.elapsed(.failing, of: id, since: $0, longest: limits.retryFor) >= limits.retryFor
                } ?? false
            case .followUp: pending.followUpUntil.map { $0 <= clock.now } ?? false
            // What a login has asked for is done as soon as it may be.
            case .first, .incremental, .repeated: false
            }
        guard isOver else { return nil }
        eraseSealedPassword()
        clock.spans.forget(id)
        return .some(nil)
    }
}
