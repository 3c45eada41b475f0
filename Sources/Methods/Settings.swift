// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func enableMigration(_ parameters: EnableMigration) async throws -> MailMoveAPI.Migration {
        let request = MigrationRequest(
            domain: parameters.domain, oldServer: parameters.oldServer.oldServer,
            validDays: parameters.validDays ?? Defaults.validDays, knownAccounts: parameters.knownAccounts,
            excludedAccounts: parameters.excludedAccounts ?? [],
            autoCreateAccounts: parameters.autoCreateAccounts ?? false,
            syncPasswords: parameters.syncPasswords ?? true, options: parameters.options?.options ?? MoveOptions())
        return try MailMoveAPI.Migration(try await move.settings.enable(request), withLists: true)
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
