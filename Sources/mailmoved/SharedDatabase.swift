// SPDX-License-Identifier: Apache-2.0

import Configuring
import Glibc
import PostgreSQL
import PostgreSQLRecords
import Records
import Secrets
import Systemd
import Vocabulary

/// A PostgreSQL database that nodes share: where it is, and as whom this node joins.
struct SharedDatabase: Sendable {
    let library: PostgreSQL
    let place: PostgreSQLPlace
    let node: JoiningNode

    /// - Throws: `JoinRefusal` where the URL or the library is of no use.
    init(_ configuration: DaemonConfiguration, sealKey: SealKey) throws {
        (library, place) = try Self.place(of: configuration.databaseURL)
        let print = try sealKey.withOctets { try KeyedHash(key: Array($0)) }
        node = JoiningNode(
            name: configuration.nodeName, version: Vocabulary.version,
            sharesMail: configuration.isMailStoreShared, leaseSeconds: Double(configuration.leaseSeconds),
            sealKeyPrint: Array(String(print(Array("mailmove seal-key".utf8)), radix: 16).utf8))
    }

    /// - Parameter keepsPassword: whether a password in the URL counts.
    static func place(
        of url: String, keepsPassword: Bool = true
    ) throws -> (PostgreSQL, PostgreSQLPlace) {
        do throws(PostgreSQLFailure) {
            let library = try PostgreSQL()
            var place = try library.place(of: url, keepsPassword: keepsPassword)
            if let password = Self.password() { place.set("password", password) }
            return (library, place)
        } catch {
            throw JoinRefusal(description: "database.url: \(error)")
        }
    }

    /// The credential `database-password`, if there is one: its first line.
    private static func password() -> String? {
        guard let folder = getenv("CREDENTIALS_DIRECTORY") else { return nil }
        guard let file = fopen(String(cString: folder) + "/database-password", "re") else { return nil }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 4096)
        let count = fread(&octets, 1, octets.count, file)
        defer { explicit_bzero(&octets, octets.count) }
        let line = octets.prefix(count).prefix { $0 != 10 && $0 != 13 && $0 != 0 }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }

    /// Makes its tables, if it can be reached.
    /// - Throws: `RecordsError` where it is not as this version would have made it.
    func open(_ journal: EventJournal, onDamage: @escaping @Sendable (RecordsError) -> Void) async throws
        -> PostgreSQLRecords
    {
        var options = PostgreSQLRecords.Options()
        options.onEvents = journal.tell
        options.onDamage = onDamage
        return try await PostgreSQLRecords.open(library, place, options: options)
    }
}
