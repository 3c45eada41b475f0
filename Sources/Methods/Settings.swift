// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func enableMigration(_ parameters: EnableMigration) async throws -> MailMoveAPI.Migration {
        // The settings may be changed by somebody else meanwhile.
        for _ in 0..<5 {
            let plan = try await move.settings.plan(MigrationRequest(parameters))
            let settings = plan.after.settings
            let detail =
                plan.before == nil
                ? "from \(settings.oldServer.host):\(settings.oldServer.port), until \(settings.expiresAt)"
                : SettingsDifference.text(of: try SettingsDifference(plan).changes)
            if try await move.settings.carryOut(plan, detail: detail) != nil {
                let warning = try await move.settings.takeInAccounts(of: parameters.domain)
                var report = try await report(try await move.settings.overview(of: parameters.domain))
                if let warning { report.warnings.append(warning) }
                return report
            }
        }
        throw CallFailure(.overloaded, detail: "the settings of \(parameters.domain) change too fast; try again")
    }

    /// What became of settings that were given.
    func report(_ overview: MigrationOverview) async throws -> MailMoveAPI.Migration {
        var report = try MailMoveAPI.Migration(overview, withLists: true)
        if let warning = try await move.settings.warning(aboutKnownAccountsOf: overview) {
            report.warnings.append(warning)
        }
        return report
    }

    func disableMigration(_ parameters: OneDomain) async throws -> MailMoveAPI.Migration {
        try MailMoveAPI.Migration(try await move.settings.disable(parameters.domain), withLists: true)
    }

    func getMigration(_ parameters: OneDomain) async throws -> MailMoveAPI.Migration {
        try MailMoveAPI.Migration(try await move.settings.overview(of: parameters.domain), withLists: true)
    }

    func listMigrations(_: NoParameters) async throws -> MigrationList {
        let overviews = try await move.settings.overviews()
        return MigrationList(
            migrations: try overviews.map { try MailMoveAPI.Migration($0, withLists: false) }
                .sorted { $0.domain < $1.domain })
    }

    func forgetMigration(_ parameters: OneDomain) async throws -> Nothing {
        try await move.settings.forget(parameters.domain)
        return Nothing()
    }
}
