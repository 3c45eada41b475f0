// SPDX-License-Identifier: Apache-2.0

import Records
import Synchronization
import Vocabulary
import Waiting

/// Ends whatever is under way with an old server the moment the domain's settings name another: its answers no longer
/// count, and no password goes there.
final class SettingsWatch: Sendable {
    private struct Domain: Sendable {
        /// Questions asked under an older generation are void.
        var generation: Int64 = .min
        var alarm = Alarm()
    }

    private let domains = Mutex<[String: Domain]>([:])

    /// From these settings on, the domain has another old server.
    func changed(to settings: MigrationSettings) {
        let alarm = domains.withLock { domains in
            let before = domains[settings.domain]
            domains[settings.domain] = Domain(generation: settings.generation)
            return before?.alarm
        }
        alarm?.ring()
    }

    /// Whether no other old server has been named since.
    func isCurrent(_ settings: MigrationSettings) -> Bool {
        domains.withLock { $0[settings.domain].map { $0.generation <= settings.generation } ?? true }
    }

    /// Runs `body`, which is cancelled when another old server is named.
    /// - Throws: ``SettingsChanged`` in that case; whatever `body` throws.
    func whileCurrent<Value: Sendable>(
        _ settings: MigrationSettings, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let alarm = domains.withLock { domains -> Alarm? in
            let domain = domains[settings.domain, default: Domain()]
            domains[settings.domain] = domain
            return domain.generation <= settings.generation ? domain.alarm : nil
        }
        guard let alarm else { throw SettingsChanged() }
        let value = try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await alarm.sleep(seconds: Self.longest)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let value, isCurrent(settings) else {
            try Task.checkCancellation()
            throw SettingsChanged()
        }
        return value
    }

    /// Longer than any question takes.
    private static let longest = 86400.0
}

/// Another old server has been named meanwhile: everything that concerns it is decided afresh.
struct SettingsChanged: Error {}
