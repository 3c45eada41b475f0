// SPDX-License-Identifier: Apache-2.0

import Accounts
import JSONWire
import MailMoveAPI
import Vocabulary

extension MethodTable {
    /// Asks for the present settings, as `enableMigration` would, merged with what is named. So a value that is taken back
    /// becomes its default, and everything that `enableMigration` checks is checked.
    func updateMigration(_ parameters: UpdateMigration) async throws -> MailMoveAPI.Migration {
        // The settings may be changed by somebody else meanwhile.
        for _ in 0..<5 {
            let before = try await move.settings.overview(of: parameters.domain)
            let wanted = try EnableMigration(before).changed(by: parameters.changes)
            let plan = try await move.settings.plan(
                MigrationRequest(wanted), changing: before, window: WindowWish(parameters, wanted))
            let changes = try SettingsDifference(plan).changes
            if plan.isVoid || parameters.dryRun == true { return try await report(plan.after, changes) }
            let detail = SettingsDifference.text(of: changes)
            if let after = try await move.settings.carryOut(plan, detail: detail) {
                return try await report(after, changes)
            }
        }
        throw CallFailure(.overloaded, detail: "the settings of \(parameters.domain) change too fast; try again")
    }

    private func report(
        _ overview: MigrationOverview, _ changes: [SettingChange]
    ) async throws -> MailMoveAPI.Migration {
        var report = try await report(overview)
        report.changes = changes
        return report
    }
}

extension WindowWish {
    /// - Parameter wanted: the settings with what is named.
    fileprivate init(_ parameters: UpdateMigration, _ wanted: EnableMigration) {
        if let days = parameters.extendDays {
            self = .extended(days: days)
        } else if parameters.changes["validDays"] != nil {
            self = .days(wanted.validDays ?? Defaults.validDays)
        } else {
            self = .stays
        }
    }
}

extension MigrationRequest {
    init(_ parameters: EnableMigration) {
        self.init(
            domain: parameters.domain, oldServer: parameters.oldServer.oldServer,
            validDays: parameters.validDays ?? Defaults.validDays, knownAccounts: parameters.knownAccounts,
            excludedAccounts: parameters.excludedAccounts ?? [],
            autoCreateAccounts: parameters.autoCreateAccounts ?? false,
            syncPasswords: parameters.syncPasswords ?? true, options: parameters.options?.options ?? MoveOptions())
    }
}

extension EnableMigration {
    /// The call that asks for just these settings.
    fileprivate init(_ overview: MigrationOverview) throws {
        let settings = overview.settings
        self.init(
            domain: try DomainName(settings.domain), oldServer: OldServerParameters(settings.oldServer),
            validDays: settings.validDays, knownAccounts: overview.knownAccounts,
            excludedAccounts: overview.excludedAccounts, autoCreateAccounts: settings.autoCreateAccounts,
            syncPasswords: settings.syncPasswords, options: MoveOptionsParameters(settings.options))
    }

    /// - Throws: `Violation` where the settings could not be as they would become.
    fileprivate func changed(by patch: JSONObject) throws -> EnableMigration {
        var called = self
        called.oldServer.makeRoom(for: patch["oldServer"]?["certificate"]?.object)
        let given: JSONObject = try JSONDocument(JSONText.encode(called)).root.decode()
        return try Contract.enableMigration.parameters(
            from: JSONDocument(JSONText.encode(given.merged(with: patch))).root)
    }
}

extension OldServerParameters {
    /// A pin and another way to verify the certificate exclude each other: the one that is named replaces the other.
    fileprivate mutating func makeRoom(for certificate: JSONObject?) {
        guard let certificate else { return }
        let verify = certificate["verify"]?.string
        if verify != nil, verify != CertificateCheck.Verification.fingerprint.rawValue {
            self.certificate?.sha256 = nil
        }
        if verify == nil, certificate["sha256"]?.string != nil { self.certificate?.verify = nil }
    }
}
