// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// What is to be fetched, and what of that turns out to be here already: a listing held against the ledger.
///
/// A row of the ledger is *trusted* where the same UIDL of the same source is listed with the same size; such a
/// message is not fetched. All other rows are *candidates*: a message that is fetched and has the content of one is
/// that message under another name (a rebuilt index, another server, no UIDL at all), and is not delivered again.
/// Each candidate accounts for one message, so that two equal ones still arrive as two.
struct RunPlan: Sendable {
    /// In the order in which they are to be fetched.
    private(set) var wanted: [ListedMessage]
    /// Octets of ``wanted``, as listed.
    private(set) var wantedOctets: Int64
    private var candidates: [Int64: [LedgerRow]] = [:]
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
            nextOccurrence[row.uniqueID] = max(nextOccurrence[row.uniqueID] ?? 0, row.occurrence + 1)
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
        for row in rows.values.joined() where !row.deleted { candidates[row.content, default: []].append(row) }
        wanted.sort { $0.number < $1.number }
        if order == .newestFirst { wanted.reverse() }
        self.wanted = wanted
        self.wantedOctets = wanted.reduce(0) { $0 + Int64($1.octets ?? 0) }
    }

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

    /// Says what a fetched message is. Each answer is given once: a candidate is used up by it.
    mutating func judge(_ staged: StagedMessage) -> Verdict {
        let id = staged.message.uniqueID.map(hash.uniqueID)
        let old = candidates[staged.content.value]?.popLast()
        let occurrence: Int32
        if let old, old.uniqueID == id {
            occurrence = old.occurrence
        } else {
            occurrence = nextOccurrence[id] ?? 0
            nextOccurrence[id] = occurrence + 1
        }
        let row = LedgerRow(
            uniqueID: id, occurrence: occurrence, content: staged.content.value,
            octets: Int64(staged.message.octets ?? -1), source: source)
        return old.map { .known(old: $0, row: row) } ?? .new(row)
    }
}
