// SPDX-License-Identifier: Apache-2.0

import Ground
import Records
import Vocabulary

/// When the window of changed settings ends.
public enum WindowWish: Sendable, Hashable {
    case stays
    /// This many days from now.
    case days(Int)
    /// This many days later: from its end, or from now, whichever is later.
    case extended(days: Int)
}

/// How a domain's settings would change; nothing has changed yet.
public struct SettingsPlan: Sendable {
    /// nil if the domain has no settings.
    public var before: MigrationOverview?
    public var after: MigrationOverview
    /// Whether it opens a window; otherwise it changes what is named.
    var opensWindow: Bool

    /// Whether another old server is named, another user name, or another way to reach the server.
    var isAnotherServer: Bool { before.map { $0.settings.oldServer != after.settings.oldServer } ?? false }

    private var changesKnown: Bool { before == nil || before?.knownAccounts != after.knownAccounts }
    private var changesExcluded: Bool { before == nil || before?.excludedAccounts != after.excludedAccounts }

    /// Whether anything but the end of the window changes.
    private var changesMore: Bool {
        guard !opensWindow, var settings = before?.settings, !changesKnown, !changesExcluded else { return true }
        settings.validDays = after.settings.validDays
        settings.expiresAt = after.settings.expiresAt
        settings.warnings = after.settings.warnings
        return settings != after.settings
    }

    /// Whether nothing changes.
    public var isVoid: Bool { !changesMore && before?.settings == after.settings }

    /// What is recorded, if the settings still are those of ``before``.
    func change(of domain: DomainName, at now: Timestamp, detail: String?) -> SettingsChange {
        var settings = after.settings
        // Decisions stand where only the window's end changes. Forgotten settings leave no generation behind; the clock
        // gives one that none of them had.
        settings.generation = before.map { $0.settings.generation + (changesMore ? 1 : 0) } ?? now.milliseconds
        var change = SettingsChange(
            settings, known: changesKnown ? after.knownAccounts ?? [] : nil,
            excluded: changesExcluded ? after.excludedAccounts : nil)
        if !changesMore {
            change.evidence = .stays
        } else if !opensWindow && !isAnotherServer {
            // The old server's replies were about the same users.
            change.evidence = .listsAlone
        }
        change.events = [
            EventRecord(at: now, domain: domain, kind: opensWindow ? .enabled : .settingsChanged, detail: detail)
        ]
        return change
    }
}

extension MigrationSettings {
    /// - Throws: ``InvalidParameter`` where the window would end too far away.
    mutating func setWindow(_ wish: WindowWish, at now: Timestamp) throws {
        let wasOpen = state(at: now) == .active
        switch wish {
        case .stays: return
        case .days(let days):
            validDays = days
            expiresAt = now.adding(seconds: Double(days) * 86400)
        case .extended(let days):
            let end = wasOpen ? max(expiresAt, now) : now
            expiresAt = end.adding(seconds: Double(days) * 86400)
        }
        guard expiresAt.seconds(since: now) <= Double(Self.mostDays) * 86400 else {
            throw InvalidParameter(
                "extendDays", "must leave the end of the window, \(expiresAt), within \(Self.mostDays) days")
        }
        if !wasOpen {
            enabledAt = now
            disabledAt = nil
        }
    }

    private static let mostDays = 3650
}
