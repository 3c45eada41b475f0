// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// What is to be fetched, and what of that turns out to be here already: a listing held against the ledger.
///
/// A row of the ledger is *trusted* where the same UIDL of the same source is listed with the same size, and that UIDL
/// has never been seen to mean two messages (RFC 1939 §7 forbids it, and servers do it); such a message is not fetched.
/// UIDLs that are the messages' numbers mean nothing, and none of them is trusted. All other rows are *candidates*: a message that is fetched and has the content of one is
/// that message under another name (a rebuilt index, another server, no UIDL at all), and is not delivered again.
/// Each candidate accounts for one message, so that two equal ones still arrive as two. A row of a message that was
/// deleted over there is one for the same UIDL alone: where the server lists it all the same, or got it back from a
/// backup, it is here already, and an equal message under another name is a new one.
struct RunPlan: Sendable {
    /// In the order in which they are to be fetched.
    private(set) var wanted: [ListedMessage]
    /// How many of ``wanted`` seem to be still over there alone, and their octets as listed: all but those for which there
    /// is a candidate of their size. Fetching tells.
    let missing: Int
    let missingOctets: Int64
    private let seeming: Set<Int>
    private var candidates: [Int64: [LedgerRow]] = [:]
    private var deleted: [Int64: [LedgerRow]] = [:]
    private var nextOccurrence: [Int64?: Int32] = [:]
    private let source: Int64
    private let hash: LedgerHash
    /// Which messages' names tell them from all others.
    let naming: Naming

    /// Whether a message is known again in the next session by what it is called.
    struct Naming: Sendable {
        /// UIDLs that have been listed twice at once, now or before.
        fileprivate(set) var shared: Set<Int64> = []
        /// Whether the listing's UIDLs are the messages' numbers.
        fileprivate(set) var areNumbers: Bool
        fileprivate let hash: LedgerHash

        func tells(_ message: ListedMessage) -> Bool {
            guard let id = message.uniqueID, !areNumbers else { return false }
            return shared.isEmpty || !shared.contains(hash.uniqueID(id))
        }

        fileprivate func isShared(_ id: Int64?) -> Bool { id.map(shared.contains) ?? false }
    }

    /// What a fetched message is.
    enum Verdict: Equatable, Sendable {
        /// It has not been moved: deliver it, and record the row.
        case new(LedgerRow)
        /// It has been moved under `old`, which becomes `row`.
        case known(old: LedgerRow, row: LedgerRow)
    }

    /// - Parameters:
    ///   - isConfirming: nothing is trusted: each message is fetched and recognised by its content, as before a `DELE`.
    init(
        listing: [ListedMessage], ledger: [LedgerRow], source: Int64, hash: LedgerHash, order: MoveOptions.Order,
        isConfirming: Bool
    ) {
        self.source = source
        self.hash = hash
        var naming = Naming(areNumbers: Self.areNumbers(listing), hash: hash)
        var rows: [Int64?: [LedgerRow]] = [:]
        for row in ledger {
            rows[row.uniqueID, default: []].append(row)
            if row.isShared, row.source == source, let id = row.uniqueID { naming.shared.insert(id) }
            nextOccurrence[row.uniqueID] = max(nextOccurrence[row.uniqueID] ?? 0, row.occurrence + 1)
        }
        var listed: [Int64: [ListedMessage]] = [:]
        var wanted: [ListedMessage] = []
        for message in listing {
            if let id = message.uniqueID {
                listed[hash.uniqueID(id), default: []].append(message)
            } else {
                wanted.append(message)
            }
        }
        for (id, messages) in listed {
            if messages.count > 1 { naming.shared.insert(id) }
            guard let known = rows[id], !isConfirming, !naming.areNumbers, !naming.isShared(id),
                let unused = Self.match(messages[0], known, source: source)
            else {
                wanted += messages
                continue
            }
            rows[id] = unused
        }
        self.naming = naming
        for row in rows.values.joined() {
            if row.deleted {
                deleted[row.content, default: []].append(row)
            } else {
                candidates[row.content, default: []].append(row)
            }
        }
        wanted.sort { $0.number < $1.number }
        if order == .newestFirst { wanted.reverse() }
        self.wanted = wanted
        seeming = Self.seeming(wanted, rows, hash)
        let missing = wanted.filter { [seeming] in !seeming.contains($0.number) }
        self.missing = missing.count
        missingOctets = missing.reduce(0) { $0 + Int64($1.octets ?? 0) }
    }

    /// Numbers of those for which there is a row of their size, each row counted once; a row of their UIDL is theirs.
    private static func seeming(
        _ wanted: [ListedMessage], _ rows: [Int64?: [LedgerRow]], _ hash: LedgerHash
    ) -> Set<Int> {
        guard !wanted.isEmpty, rows.contains(where: { !$0.value.isEmpty }) else { return [] }
        var seeming: Set<Int> = []
        var counts = rows.mapValues { rows in Dictionary(grouping: rows, by: \.octets).mapValues(\.count) }
        for message in wanted {
            guard let id = message.uniqueID.map(hash.uniqueID) else { continue }
            let size = Int64(message.octets ?? -1)
            guard let count = counts[id]?[size], count > 0 else { continue }
            counts[id]?[size] = count - 1
            seeming.insert(message.number)
        }
        var others: [Int64: Int] = [:]
        for (id, sizes) in counts {
            let gone = Dictionary(grouping: rows[id, default: []].filter(\.deleted), by: \.octets).mapValues(\.count)
            for (size, count) in sizes { others[size, default: 0] += max(0, count - gone[size, default: 0]) }
        }
        for message in wanted where !seeming.contains(message.number) {
            let size = Int64(message.octets ?? -1)
            guard let count = others[size], count > 0 else { continue }
            others[size] = count - 1
            seeming.insert(message.number)
        }
        return seeming
    }

    /// Whether a wanted message was taken for moved when ``missing`` was counted.
    func seemsMoved(_ message: ListedMessage) -> Bool { seeming.contains(message.number) }

    /// The rows that are left when the message's own is taken out of those of its UIDL; nil where it has none that can be
    /// trusted. A UIDL that has been two messages' one after the other may be a third one's now.
    private static func match(_ message: ListedMessage, _ rows: [LedgerRow], source: Int64) -> [LedgerRow]? {
        let size = Int64(message.octets ?? -1)
        guard rows.count(where: { $0.source == source }) == 1,
            let index = rows.firstIndex(where: { $0.octets == size && $0.source == source })
        else { return nil }
        var unused = rows
        unused.remove(at: index)
        return unused
    }

    /// Servers that keep no UIDLs have been seen to give the numbers of the messages instead, which others get when one
    /// is deleted. A mailbox whose real UIDLs are 1, 2, 3 … is confirmed in vain until one of them is gone.
    private static func areNumbers(_ listing: [ListedMessage]) -> Bool {
        listing.allSatisfy { $0.uniqueID?.octets.isNumber($0.number) ?? true }
    }

    private mutating func takeDeleted(_ content: Int64, _ id: Int64?) -> LedgerRow? {
        guard id != nil, let index = deleted[content]?.firstIndex(where: { $0.uniqueID == id }) else { return nil }
        return deleted[content]?.remove(at: index)
    }

    /// Says what a fetched message is. Each answer is given once: a candidate is used up by it.
    mutating func judge(_ staged: StagedMessage) -> Verdict {
        let id = staged.message.uniqueID.map(hash.uniqueID)
        let old = candidates[staged.content.value]?.popLast() ?? takeDeleted(staged.content.value, id)
        let occurrence: Int32
        if let old, old.uniqueID == id {
            occurrence = old.occurrence
        } else {
            occurrence = nextOccurrence[id] ?? 0
            nextOccurrence[id] = occurrence + 1
        }
        let row = LedgerRow(
            uniqueID: id, occurrence: occurrence, content: staged.content.value,
            octets: Int64(staged.message.octets ?? -1), source: source, isShared: naming.isShared(id))
        return old.map { .known(old: $0, row: row) } ?? .new(row)
    }
}

extension [UInt8] {
    /// Whether these are the digits of `number`, zeros in front of them aside.
    fileprivate func isNumber(_ number: Int) -> Bool {
        guard let last, last == UInt8(ascii: "0") + UInt8(number % 10) else { return false }
        return drop { $0 == UInt8(ascii: "0") }.elementsEqual(String(number).utf8)
    }
}
