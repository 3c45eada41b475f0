// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary

/// When the window of changed settings ends.
public enum WindowWish: Sendable, Hashable {
    /// As it does.
    case stays
    /// So many days from now.
    case days(Int)
    /// So many days later: from its end, or from now, whichever is later.
    case extended(days: Int)
}

/// A domain's settings as they would be; nothing has changed yet.
public struct SettingsPlan: Sendable {
    /// As they are; nil where the domain has none.
    public var before: MigrationOverview?
    public var after: MigrationOverview
    /// It opens a window; else it changes what is named.
    var opensWindow = false

    /// Another old server, user name or way to get there.
    var isAnotherServer: Bool { before.map { $0.settings.oldServer != after.settings.oldServer } ?? false }

    /// Whether the lists of addresses become others.
    var changesKnown: Bool { before == nil || before?.knownAccounts != after.knownAccounts }
    var changesExcluded: Bool { before == nil || before?.excludedAccounts != after.excludedAccounts }

    /// Whether anything changes but the end of the window.
    var changesMore: Bool {
        guard var settings = before?.settings, !changesKnown, !changesExcluded else { return true }
        settings.validDays = after.settings.validDays
        settings.expiresAt = after.settings.expiresAt
        settings.warnings = after.settings.warnings
        return settings != after.settings
    }

    /// Whether nothing changes.
    public var isVoid: Bool { !changesMore && before?.settings == after.settings }
}

extension MigrationSettings {
    /// The end of the window as somebody wants it.
    /// - Throws: ``InvalidParameter`` where that is too far away.
    mutating func setWindow(_ wish: WindowWish, at now: Timestamp) throws {
        let start: Timestamp
        let days: Int
        switch wish {
        case .stays: return
        case .days(let count):
            (start, days) = (now, count)
            validDays = count
        case .extended(let count):
            let end = disabledAt.map { min($0, expiresAt) } ?? expiresAt
            (start, days) = (max(end, now), count)
        }
        let wasOpen = state(at: now) == .active
        expiresAt = start.adding(seconds: Double(days) * 86400)
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
