// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// What is to be fetched, and what of that turns out to be here already: a listing held against the ledger.
///
/// A row of the ledger is *trusted* where the same UIDL of the same source is listed with the same size; such a
/// message is not fetched. All other rows are *candidates*: a message that is fetched and has the content of one is
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
        var rows: [Int64?: [LedgerRow]] = [:]
        for row in ledger {
            rows[row.uniqueID, default: []].append(row)
            nextOccurrence[row.uniqueID] = max(nextOccurrence[row.uniqueID] ?? 0, row.occurrence.addingSaturated(1))
        }
        var listed: [Int64: [ListedMessage]] = [:]
        var wanted: [ListedMessage] = []
        for message in listing {
            if let id = message.uniqueID, !isConfirming {
                listed[hash.uniqueID(id), default: []].append(message)
            } else {
                wanted.append(message)
            }
        }
        for (id, messages) in listed {
            guard let known = rows[id] else {
                wanted += messages
                continue
            }
            let (unsure, unused) = Self.match(messages, known, source: source)
            wanted += unsure
            rows[id] = unused
        }
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
        missingOctets = missing.lazy.map { Int64($0.octets ?? 0) }.saturatedSum()
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

    /// Messages and rows of one UIDL. Those of a size of which more are listed than known cannot be told apart:
    /// all of them are fetched.
    private static func match(
        _ messages: [ListedMessage], _ rows: [LedgerRow], source: Int64
    ) -> (unsure: [ListedMessage], unused: [LedgerRow]) {
        let messagesBySize = Dictionary(grouping: messages) { Int64($0.octets ?? -1) }
        var unused = rows
        var unsure: [ListedMessage] = []
        for (size, alike) in messagesBySize {
            let matching = unused.indices.filter { unused[$0].octets == size && unused[$0].source == source }
            if matching.count >= alike.count {
                for index in matching.prefix(alike.count).reversed() { unused.remove(at: index) }
            } else {
                unsure += alike
            }
        }
        return (unsure, unused)
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
            nextOccurrence[id] = occurrence.addingSaturated(1)
        }
        let row = LedgerRow(
            uniqueID: id, occurrence: occurrence, content: staged.content.value,
            octets: Int64(staged.message.octets ?? -1), source: source)
        return old.map { .known(old: $0, row: row) } ?? .new(row)
    }
}
