// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveClient
import Support
import Testing

extension Integration {
    /// Settings that change: what is named, and nothing else.
    @Suite struct SettingsTests {
        private let server = OldServerParameters(host: "192.0.2.1", port: 1110, security: TransportSecurity.none)

        private func update(_ change: (inout UpdateMigration) throws -> Void) throws -> UpdateMigration {
            var update = UpdateMigration(domain: try DomainName(Platform.domain))
            try change(&update)
            return update
        }

        private func fields(_ migration: Migration) -> [String] { (migration.changes ?? []).map(\.field) }

        @Test func anUpdateChangesWhatItNamesAndSaysWhat() async throws {
            try await Platform.running { platform in
                try await platform.create([Platform.ann])
                let first = try await platform.enable(server) {
                    $0.validDays = 10
                    $0.knownAccounts = [try EmailAddress(Platform.ann)]
                    $0.options = MoveOptionsParameters(markSeen: .all, order: .newestFirst, maxConnections: 3)
                }
                let admin = platform.admin
                let wish = try update {
                    $0.set(.order, to: .oldestFirst)
                    $0.set(.usernameIncludesDomain, to: false)
                }
                var dry = wish
                dry.dryRun = true
                let would = try await admin.updateMigration(dry)
                #expect(try await admin.getMigration(domain: Platform.domain).options == first.options)
                let second = try await admin.updateMigration(wish)
                #expect(second.changes == would.changes)
                #expect(fields(second) == ["oldServer.usernameIncludesDomain", "options.order"])
                #expect(second.changes?.last?.from == "newestFirst" && second.changes?.last?.to == "oldestFirst")
                #expect(second.expiresAt == first.expiresAt && second.knownAccounts == first.knownAccounts)
                #expect(second.options.maxConnections == 3)

                let third = try await admin.updateMigration(
                    try update {
                        $0.reset(.knownAccounts)
                        $0.reset(.maxConnections)
                        $0.set(.syncPasswords, to: true)
                    })
                #expect(fields(third) == ["knownAccounts", "options.maxConnections"])
                #expect(third.knownAccounts == nil && third.options.markSeen == .all)

                let raw = try RawClient(path: platform.daemon.adminSocket)
                let call = #"{"domain":"example.com","options":null}"#
                let reply = try await raw.call("updateMigration", params: call)
                #expect(reply["result"]?["options"]?["markSeen"] == "none")
                let nothing = try update { _ in }
                #expect(try await admin.updateMigration(nothing).changes == [])

                let extended = try await admin.updateMigration(try update { $0.extendDays = 5 })
                #expect(fields(extended) == ["expiresAt"])
                #expect(extended.expiresAt == first.expiresAt.adding(seconds: 5 * 86400))
                let told = try await admin.listEvents(ListEvents(domain: DomainName(Platform.domain))).events
                    .filter { $0.account == nil }
                #expect(told.map(\.kind) == ["enabled"] + Array(repeating: "settingsChanged", count: 4))
                #expect(told[1].detail?.contains("options.order: newestFirst → oldestFirst") == true)
                #expect(told[2].detail?.contains("knownAccounts: 1 addresses → none") == true)
            }
        }

        /// A port and a certificate's judgement that were never given are the security's own.
        @Test func whatWasNeverGivenFollowsItsDefault() async throws {
            try await Platform.running { platform in
                try await platform.enable(OldServerParameters(host: "192.0.2.1"))
                let tls = try await platform.admin.updateMigration(try update { $0.set(.security, to: .tls) })
                #expect(
                    fields(tls) == ["oldServer.port", "oldServer.security", "oldServer.certificate.verify"])
                #expect(tls.oldServer.port == 995 && tls.oldServer.certificate.verify == .full)
                let pinned = try await platform.admin.updateMigration(
                    try update { $0.set(.certificate, to: .init(sha256: String(repeating: "ab", count: 32))) })
                #expect(pinned.oldServer.certificate.verify == .fingerprint)
                let any = try await platform.admin.updateMigration(
                    try update { $0.set(.certificate, to: .init(verify: CertificateCheck.Verification.none)) })
                #expect(any.oldServer.certificate.verify == .none && any.oldServer.certificate.sha256 == nil)
            }
        }

        @Test func whatCannotBeIsRefusedAndNothingChanges() async throws {
            try await Platform.running { platform in
                func reason(_ update: UpdateMigration) async throws -> (reason: Reason?, parameter: String?) {
                    do {
                        _ = try await platform.admin.updateMigration(update)
                        return (nil, nil)
                    } catch let error as MailMoveError {
                        return (error.reason, error.parameter)
                    }
                }
                let longer = try update { $0.set(.validDays, to: 3) }
                #expect(try await reason(longer).reason == .migrationNotEnabled)
                let first = try await platform.enable(server)
                let refusals: [(wish: UpdateMigration, parameter: String)] = [
                    (try update { $0.reset(.host) }, "oldServer.host"),
                    (try update { $0.set(.certificate, to: .init(verify: .full)) }, "oldServer.certificate"),
                    (
                        try update { $0.set(.excludedAccounts, to: [try EmailAddress("ann@example.org")]) },
                        "excludedAccounts[0]"
                    ),
                    (
                        try update {
                            $0.set(.host, to: "127.0.0.1")
                            $0.set(.port, to: 110)
                        }, "oldServer.host"
                    ),
                    (try update { $0.set(.folder, to: "..") }, "options.folder"),
                ]
                for (wish, parameter) in refusals {
                    let refused = try await reason(wish)
                    #expect(refused.parameter == parameter, "\(refused) of \(wish)")
                }
                let after = try await platform.admin.getMigration(domain: Platform.domain)
                #expect(after.oldServer == first.oldServer && after.options == first.options)
            }
        }
    }
}
