// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import PostgreSQLRecords
import Records
import Secrets
import Systemd

/// The daemon's keys, and where each comes from.
enum Keys {
    /// The key that seals old passwords: the credential `seal-key`; else the previous process's key, which the service
    /// manager has kept; else a new one, which it keeps from now on.
    ///
    /// - Throws: `SystemdError` if the credential cannot be used: replacing a key by mistake would lose passwords.
    static func sealKey(stored: [InheritedDescriptors.Descriptor], manager: ServiceManager, log: Logger) throws
        -> SealKey
    {
        if let key = try Credential.withOctets(named: "seal-key", count: SealKey.count, { try SealKey(octets: $0) }) {
            return key
        }
        if let kept = stored.first(where: { $0.name == storeName }) {
            do {
                return try SealedMemory.withOctets(of: kept.number, count: SealKey.count) { try SealKey(octets: $0) }
            } catch {
                log.warning("the seal key of before the restart cannot be read: \(error)")
                manager.removeStored(storeName)
            }
        }
        let key = SealKey.random()
        try key.withOctets { octets in
            let file = try SealedMemory.create(name: storeName, octets: octets)
            defer { close(file) }
            if !manager.store(file, as: storeName) {
                log.info("no service manager keeps the seal key: a restart interrupts moves until the next login")
            }
        }
        return key
    }

    /// The credential alone, which all nodes that share a database have.
    /// - Throws: `JoinRefusal` where it is missing; `SystemdError` where it cannot be used.
    static func commonSealKey() throws -> SealKey {
        if let key = try Credential.withOctets(named: "seal-key", count: SealKey.count, { try SealKey(octets: $0) }) {
            return key
        }
        throw JoinRefusal(
            description: """
                the credential seal-key is missing: nodes that share a database seal passwords under the same. Make it once             (head -c \(SealKey.count) /dev/urandom), and give it to all (systemctl edit mailmoved: \
                LoadCredentialEncrypted=seal-key:FILE)
                """)
    }

    private static let storeName = "seal-key"

    /// The key that the ledger is written with; created once and never changed.
    /// - Throws: `RecordsError`.
    static func ledgerKey(_ name: String, in records: any Records) async throws -> [UInt8] {
        try await records.kept(name, orElse: KeyedHash.randomKey())
    }
}
