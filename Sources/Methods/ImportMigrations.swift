// SPDX-License-Identifier: Apache-2.0

import Accounts
import JSONWire
import MailMoveAPI
import MigrationFile
import Vocabulary

extension MethodTable {
    func importMigrations(_ parameters: ImportMigrations) async throws -> ImportedMigrations {
        let file: MigrationFile
        do {
            file = try MigrationFile(parameters.data.withUnsafeBytes { Array($0) })
        } catch let error as MigrationFileError {
            throw Violation("data", (error.line.map { "line \($0) " } ?? "") + error.detail)
        }
        let desk = MigrationImport(table: self, changes: parameters.dryRun != true)
        return ImportedMigrations(migrations: try await desk.run(file))
    }
}

/// Enables what a file has, one domain after the other; one that is wrong spoils no other.
private struct MigrationImport {
    let table: MethodTable
    let changes: Bool

    /// Some at once, since a name that resolves slowly should hold up few.
    private static let atOnce = 8

    func run(_ file: MigrationFile) async throws -> [ImportedMigrations.Migration] {
        var seen: Set<DomainName> = []
        let checked = file.entries.map { check($0, &seen) }
        var outcomes: [ImportedMigrations.Migration] = []
        for start in stride(from: 0, to: checked.count, by: Self.atOnce) {
            let some = checked[start..<min(start + Self.atOnce, checked.count)]
            outcomes += try await withThrowingTaskGroup(of: (Int, ImportedMigrations.Migration).self) { group in
                for (index, entry) in some.enumerated() { group.addTask { (index, try await enable(entry)) } }
                return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
            }
        }
        return outcomes
    }

    private struct Checked: Sendable {
        var line: Int
        var domain: String
        var result: Result<EnableMigration, Violation>
    }

    private func check(_ entry: MigrationFile.Entry, _ seen: inout Set<DomainName>) -> Checked {
        let name = entry.settings?["domain"]?.string ?? ""
        let result = Result<EnableMigration, Violation> { () throws(Violation) in
            guard let settings = entry.settings else {
                throw Violation(nil, "must be a mapping such as domain: example.com, oldServer: {host: 192.0.2.10}")
            }
            let parameters: EnableMigration
            do {
                parameters = try Contract.enableMigration.parameters(
                    from: JSONDocument(JSONText.encode(JSONValue.object(settings))).root)
            } catch let violation as Violation {
                throw violation
            } catch {
                throw Violation(nil, "cannot be read: \(error)")
            }
            guard seen.insert(parameters.domain).inserted else {
                throw Violation("domain", "is in the file twice: \(parameters.domain)")
            }
            return parameters
        }
        return Checked(line: entry.line, domain: String(name.prefix(255)), result: result)
    }

    /// - Throws: what is nobody's fault in the file.
    private func enable(_ entry: Checked) async throws -> ImportedMigrations.Migration {
        var outcome = ImportedMigrations.Migration(domain: entry.domain, line: entry.line, enabled: false)
        func fail(_ reason: String, _ detail: String) -> ImportedMigrations.Migration {
            outcome.error = .init(reason: reason, detail: "line \(entry.line): \(detail)")
            return outcome
        }
        do {
            let parameters = try entry.result.get()
            let plan = try await table.move.settings.plan(MigrationRequest(parameters))
            if let before = plan.before, before.state == .active {
                return fail(
                    "migrationEnabled",
                    "\(parameters.domain) is enabled already; change its settings instead (mailmovectl change)")
            }
            outcome.warnings = plan.after.settings.warnings
            if changes { outcome.warnings = try await table.enableMigration(parameters).warnings }
            outcome.enabled = true
            return outcome
        } catch let violation as Violation {
            return fail(violation.reason.rawValue, violation.description)
        } catch {
            guard let failure = CallFailure(for: error),
                !Contract.everywhere.contains(where: { $0.rawValue == failure.data.reason })
            else { throw error }
            return fail(failure.data.reason, failure.data.detail)
        }
    }
}
