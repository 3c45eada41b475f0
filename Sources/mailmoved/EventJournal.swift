// SPDX-License-Identifier: Apache-2.0

import Logging
import Measures
import Records

/// Logs what happens to accounts, once it is durable: the same events that `mailmovectl events` shows.
///
/// In a task of its own, because a slow journal must not hold up transactions.
final class EventJournal: Sendable {
    private let events: AsyncStream<EventRecord>
    private let inlet: AsyncStream<EventRecord>.Continuation
    private let log = Logger(label: "mailmove.events")

    init() {
        // A dropped event can still be found by listEvents.
        (events, inlet) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    func tell(_ events: [EventRecord]) {
        for event in events where event.kind == .handedOver { Measures.passwordsTakenOver.increment() }
        for event in events { inlet.yield(event) }
    }

    /// Runs until ``close()``, and then until everything is written.
    func run() async {
        for await event in events { write(event) }
    }

    func close() { inlet.finish() }

    private func write(_ event: EventRecord) {
        var metadata: Logger.Metadata = ["event": "\(event.kind.rawValue)"]
        if let account = event.account {
            metadata["account"] = "\(account)"
        } else {
            metadata["domain"] = "\(event.domain)"
        }
        if let via = event.via { metadata["via"] = "\(via.rawValue)" }
        if let reason = event.reason { metadata["reason"] = "\(reason.rawValue)" }
        log.log(
            // A polling mail program causes three a minute.
            level: event.isIdle ? .debug : event.kind.level,
            "\(event.kind.sentence)\(event.detail.map { ": " + $0 } ?? "")", metadata: metadata)
    }
}

extension EventRecord.Kind {
    fileprivate var level: Logger.Level {
        switch self {
        // Ten thousand at once are normal.
        case .created: .debug
        // Logged once already, whatever the number of its domains.
        case .oldServerUnreachable, .oldServerAnswers, .oldServerLimits: .debug
        case .triggered, .handedOver, .connected, .completed, .passwordChanged, .deleted: .info
        case .passwordRejected, .postponed, .nonMigrating, .hashUnverifiable, .closed, .stopped, .paused, .resumed,
            .retried, .enabled,
            .settingsChanged, .disabled, .halfDone, .allDone, .windowEnding, .windowEnded:
            .notice
        case .failed, .messageRefused, .perhapsDoubled, .stalled, .oldServerAway: .warning
        }
    }

    fileprivate var sentence: String {
        switch self {
        case .triggered: "a move was asked for"
        case .handedOver: "the old password was taken over"
        case .connected: "the old mailbox is open"
        case .completed: "the move is complete"
        case .failed: "the move failed"
        case .passwordRejected: "the old server rejects the password"
        case .postponed: "the old server asks to come back later"
        case .messageRefused: "the old server does not give a message"
        case .perhapsDoubled: "some messages may arrive a second time"
        case .nonMigrating: "the account does not move"
        case .stopped: "the move was stopped"
        case .created: "the account was created"
        case .passwordChanged: "the password was changed here"
        case .hashUnverifiable: "the platform's password hash cannot be verified here"
        case .closed: "the account was closed to hand-over"
        case .deleted: "the account was deleted"
        case .paused: "the move was paused"
        case .resumed: "the move may go on"
        case .retried: "another try was asked for"
        case .enabled: "the migration was enabled"
        case .settingsChanged: "settings were changed"
        case .disabled: "the migration was ended"
        case .oldServerUnreachable: "the old server does not answer"
        case .oldServerAnswers: "the old server answers again"
        case .oldServerLimits: "the old server sets limits"
        case .halfDone: "half of the accounts are complete"
        case .allDone: "all accounts are complete"
        case .stalled: "nothing is being moved"
        case .oldServerAway: "the old server has been away for ten minutes"
        case .windowEnding: "the window ends within three days"
        case .windowEnded: "the window has ended"
        }
    }
}
