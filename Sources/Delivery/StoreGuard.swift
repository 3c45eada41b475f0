// SPDX-License-Identifier: Apache-2.0

package import Ground
package import MailStore
package import Records
import Vocabulary

/// Makes sure that mail goes to the same place as before. The base directory, a domain's place and an account's mailbox
/// each carry a marker, which the records keep too. If a place that mail was moved to is missing, moves wait for it
/// until an administrator accepts what is there now.
package struct StoreGuard: Sendable {
    let context: Context
    let store: any MailStore

    package init(context: Context, store: any MailStore) {
        self.context = context
        self.store = store
    }

    private struct Facts: Sendable {
        var row: AccountRecord
        var known: StoreMarkers = [:]
        /// The levels that mail has been moved to.
        var moved: Set<StoreLevel> = []
    }

    /// - Returns: the markers required on the way to the account's mailbox.
    /// - Throws: `MailStoreError` `unmarked` where one is missing; `RecordsError`.
    package func verify(_ row: AccountRecord) async throws -> StoreMarkers {
        guard store.traits.namesMessages, let facts = try await facts(row) else { return [:] }
        let address = facts.row.address
        let found = try await store.markers(of: address)
        var expected: StoreMarkers = [:]
        var fresh: StoreMarkers = [:]
        for level in StoreLevel.allCases {
            if let known = facts.known[level], known == found[level] {
                expected[level] = known
                continue
            }
            if facts.moved.contains(level) {
                throw MailStoreError.unmarked(
                    Self.place(level, address),
                    found[level] == nil ? "its marker is missing" : "it bears another marker")
            }
            fresh[level] = found[level]
        }
        // Nothing has been moved there yet, so what is there now counts.
        if expected[.base] == nil { fresh[.base] = try await store.markBase() }
        fresh[.mailbox] = nil  // recorded with the first mail moved there
        if !fresh.isEmpty { try await record(fresh, of: address) }
        return expected.merging(fresh) { known, _ in known }
    }

    /// Accepts what is there now, whatever mail was moved there before; creates an empty mailbox where there is none.
    /// - Throws: `MailStoreError`, `RecordsError`.
    package func accept(_ row: AccountRecord) async throws {
        let markers = try await store.adopt(row.address)
        try await record(markers, of: row.address)
        try await context.records.change(.id(row.id)) { _ in
            var effects = AccountEffects()
            effects.mailbox = markers[.mailbox].map { .marked($0.identity) } ?? .takenAsItIs
            return effects
        }
        context.log.notice(
            "what is in the mail store now is taken as it is, by the administrator's word",
            metadata: .about(row.address))
    }

    /// Marks the base directory, so that it is known before the first mail arrives.
    package func begin() async throws {
        guard store.traits.namesMessages, try await context.records.kept(Self.name(.base, nil)) == nil else { return }
        do {
            if let marker = try await store.markBase() { try await record([.base: marker], of: nil) }
        } catch let error as MailStoreError {
            context.log.warning("the mail store is not marked yet: \(error)")
        }
    }

    /// Checks that the store can take mail, and is the one that mail was moved to.
    /// - Throws: `MailStoreError`; `RecordsError`.
    package func check() async throws {
        var marker: StoreMarker?
        if store.traits.namesMessages, try await context.records.hasMarkedMailboxes() {
            marker = try await context.records.kept(Self.name(.base, nil)).flatMap(Self.marker)
        }
        try await store.check(expecting: marker)
    }

    private func facts(_ row: AccountRecord) async throws -> Facts? {
        let (base, domain) = (Self.name(.base, nil), Self.name(.domain, row.address.domain))
        guard let mailbox = try await context.records.mailbox(of: row.id, keeping: [base, domain]) else { return nil }
        var facts = Facts(row: mailbox.account)
        facts.known[.base] = mailbox.kept[base].flatMap(Self.marker)
        facts.known[.domain] = mailbox.kept[domain].flatMap(Self.marker)
        facts.known[.mailbox] = mailbox.mailbox?.marker.flatMap { StoreMarker(identity: $0) }
        if facts.known[.base] != nil, mailbox.isAnyMarked { facts.moved.insert(.base) }
        if facts.known[.domain] != nil, mailbox.isDomainMarked { facts.moved.insert(.domain) }
        if facts.known[.mailbox] != nil, mailbox.account.moved > 0 || mailbox.hasIntents {
            facts.moved.insert(.mailbox)
        }
        return facts
    }

    private func record(_ markers: StoreMarkers, of address: EmailAddress?) async throws {
        var values: [String: [UInt8]] = [:]
        for level in [StoreLevel.base, .domain] {
            values[Self.name(level, address?.domain)] = markers[level].map { Array($0.identity.utf8) }
        }
        try await context.records.keep(values)
    }

    /// The name under which the records keep a marker.
    private static func name(_ level: StoreLevel, _ domain: DomainName?) -> String {
        level == .base ? "store-marker" : "store-marker \(domain?.name ?? "")"
    }

    private static func marker(_ octets: [UInt8]) -> StoreMarker? {
        StoreMarker(identity: String(decoding: octets, as: UTF8.self))
    }

    private static func place(_ level: StoreLevel, _ address: EmailAddress) -> String {
        switch level {
        case .base: "what all mail is below"
        case .domain: "what the mail of \(address.domain.name) is below"
        case .mailbox: "the mailbox of \(address)"
        }
    }
}
