// SPDX-License-Identifier: Apache-2.0

import MailStore
import Records
import Vocabulary

/// What is to be fetched, and which of it turns out to be here already: a listing compared with the ledger.
///
/// A ledger row is *trusted* if the same UIDL of the same source is listed with the same size, and that UIDL has never
/// been seen to mean two messages (RFC 1939 §7 forbids that, and servers do it); such a message is not fetched. UIDLs
/// that are just message numbers mean nothing, and none of them is trusted. A folder's ids mean something in that folder
/// alone, for as long as its validity stays (``LedgerNames``).
///
/// All other rows are *candidates*: a fetched message with the same content as a candidate is that message under
/// another name (a rebuilt index, another server, no UIDL at all), and is not delivered again. Each candidate accounts
/// for one message, so two equal messages still arrive as two. The row of a message that was deleted on the old server
/// is a candidate only for the same UIDL: if the server lists that after all, or got it back from a backup, the message
/// is here already, while an equal message under another name is a new one.
struct RunPlan: Sendable {
    /// What the session has listed.
    let listing: [ListedMessage]
    /// In the order in which they are to be fetched.
    private(set) var wanted: [ListedMessage]
    /// How many of ``wanted`` seem to be only on the old server, and their octets as listed: all except those with a
    /// candidate of their size. Only fetching can tell for certain.
    let missing: Int
    let missingOctets: Int64
    /// ``missing``, by the folder's number.
    let missingByFolder: [Int: Int]
    private let seeming: Set<Int>
    private var candidates: [Int64: [LedgerRow]] = [:]
    private var deleted: [Int64: [LedgerRow]] = [:]
    private var nextOccurrence: [Int64?: Int32] = [:]
    private var views: Views
    /// Rows of messages that their folders only show, and that mean nothing any more: to be forgotten before another is
    /// recorded.
    let stale: [LedgerRow]
    /// Which messages are identified by their names.
    let naming: Naming
    /// Whether this holds for all wanted messages.
    let areAllNamed: Bool

    /// Whether a message's name identifies it in the next session.
    struct Naming: Sendable {
        /// UIDLs that were listed twice at once, now or earlier.
        fileprivate(set) var shared: Set<Int64> = []
        /// Whether the listing's UIDLs are just message numbers.
        fileprivate(set) var areNumbers: Bool
        let names: LedgerNames

        func tells(_ message: ListedMessage) -> Bool {
            guard message.uniqueID != nil, !areNumbers || names.isPromised(message) else { return false }
            guard !shared.isEmpty else { return true }
            return names.id(of: message).map { !shared.contains($0) } ?? false
        }

        fileprivate func isShared(_ id: Int64?) -> Bool { id.map(shared.contains) ?? false }
    }

    /// What a fetched message is.
    enum Verdict: Equatable, Sendable {
        /// It is moved from another folder, and only shown in its own: record the row, deliver nothing.
        case shown(LedgerRow)
        /// It has not been moved: deliver it, and record the row.
        case new(LedgerRow)
        /// It was moved under `old`, which is replaced by `row`.
        case known(old: LedgerRow, row: LedgerRow)
        /// The same; it was moved from a folder that shows those of others, and is still shown there.
        case filed(old: LedgerRow, row: LedgerRow, shown: LedgerRow)
    }

    /// - Parameters:
    ///   - besides: rows of messages that are not in the listing, though they may be over there.
    ///   - kept: sources of rows whose messages are still over there, whether they are in the listing or not.
    ///   - views: numbers of folders that show messages of others: what is nowhere else is taken from them, and comes last.
    ///   - isConfirming: whether nothing is trusted: each message is fetched and recognised by its content, as before a
    ///     `DELE`.
    init(
        listing: [ListedMessage], ledger: [LedgerRow], besides: [LedgerRow] = [],
        kept: Set<Int64> = [], names: LedgerNames, order: MoveOptions.Order, views numbers: Set<Int> = [],
        isConfirming: Bool
    ) {
        var views = Views(numbers, besides: besides)
        let moved = Views.moved(ledger, besides)
        self.listing = listing
        var naming = Naming(areNumbers: Self.areNumbers(listing), names: names)
        let groups = Groups(listing, ledger, names)
        var isTrusted = Bits(listing.count)
        var isUsed = Bits(ledger.count)
        var occurrences: [Int64?: Int32] = [:]
        groups.forEach { id, messages, rows in
            let source = messages.first.map { names.source(of: listing[$0]) }
            if messages.count > 1 || rows.contains(where: { ledger[$0].isShared && ledger[$0].source == source }) {
                naming.shared.insert(id)
            }
            guard !rows.isEmpty else { return }
            if let first = messages.first, let source, naming.tells(listing[first]),
                let row = Self.match(listing[first], rows, in: ledger, source: source),
                ledger[row].isShown ? moved.contains(ledger[row].content) : !isConfirming
            {
                isTrusted.insert(first)
                isUsed.insert(row)
                views.trust(listing[first], ledger[row])
            } else if !messages.isEmpty {
                occurrences[id] = rows.reduce(0) { max($0, ledger[$1].occurrence &+ 1) }
            }
        }
        self.naming = naming
        nextOccurrence = occurrences
        var (unused, stale): ([LedgerRow], [LedgerRow]) = ([], [])
        for (index, row) in ledger.enumerated() where !isUsed.contains(index) {
            if kept.contains(row.source) {
                views.keep(row)
                continue
            }
            guard !row.isShown else {
                stale.append(row)
                continue
            }
            unused.append(row)
            if row.deleted {
                deleted[row.content, default: []].append(row)
            } else {
                candidates[row.content, default: []].append(row)
            }
        }
        self.stale = stale
        for row in [unused, besides].joined() where row.uniqueID == nil {
            nextOccurrence[nil] = max(nextOccurrence[nil] ?? 0, row.occurrence &+ 1)
        }
        var wanted =
            isTrusted.isEmpty
            ? listing : listing.indices.lazy.filter { !isTrusted.contains($0) }.map { listing[$0] }
        Self.sort(&wanted, order, numbers)
        self.wanted = wanted
        self.views = views
        areAllNamed = wanted.allSatisfy(naming.tells)
        seeming = Self.seeming(wanted, unused, names).union(views.seeming(wanted, in: listing))
        var (missing, missingOctets) = (0, Int64(0))
        var byFolder: [Int: Int] = [:]
        for message in wanted where !seeming.contains(message.number) {
            missing += 1
            missingOctets = missingOctets.addingSaturated(Int64(message.octets ?? 0))
            byFolder[message.folder, default: 0] += 1
        }
        missingByFolder = byFolder
        self.missing = missing
        self.missingOctets = missingOctets
    }

    /// Folder after folder; what is shown of others comes when those have been seen.
    private static func sort(_ wanted: inout [ListedMessage], _ order: MoveOptions.Order, _ views: Set<Int>) {
        func isBefore(_ one: ListedMessage, _ other: ListedMessage) -> Bool {
            guard one.folder == other.folder else {
                let (isView, isOtherView) = (views.contains(one.folder), views.contains(other.folder))
                return isView == isOtherView ? one.folder < other.folder : isOtherView
            }
            return order == .newestFirst ? one.number > other.number : one.number < other.number
        }
        if !zip(wanted, wanted.dropFirst()).allSatisfy(isBefore) { wanted.sort(by: isBefore) }
    }

    /// The index of the message's own row; nil if it has none that can be trusted. A UIDL that has meant two messages,
    /// one after the other, may mean a third by now.
    private static func match(
        _ message: ListedMessage, _ rows: some Collection<Int>, in ledger: [LedgerRow], source: Int64
    ) -> Int? {
        let ours = rows.lazy.filter { ledger[$0].source == source }
        guard let row = ours.first, ours.dropFirst().isEmpty, ledger[row].octets == Int64(message.octets ?? -1) else {
            return nil
        }
        return row
    }

    /// Servers that keep no UIDLs have been seen to send message numbers instead, which pass to other messages after a
    /// deletion. A mailbox whose real UIDLs happen to be 1, 2, 3 … is fetched again needlessly until one of them is
    /// gone.
    private static func areNumbers(_ listing: [ListedMessage]) -> Bool {
        listing.allSatisfy { message in message.uniqueID?.withOctets { $0.isNumber(message.number) } ?? true }
    }

    /// Numbers of the messages for which there is a row of their size, each row counted once; a row with the same UIDL
    /// is matched first.
    private static func seeming(_ wanted: [ListedMessage], _ unused: [LedgerRow], _ names: LedgerNames) -> Set<Int> {
        guard !wanted.isEmpty, !unused.isEmpty else { return [] }
        struct Kind: Hashable {
            var id: Int64?
            var octets: Int64
        }
        var seeming: Set<Int> = []
        var counts: [Kind: (all: Int, deleted: Int)] = [:]
        for row in unused {
            let kind = Kind(id: row.uniqueID, octets: row.octets)
            counts[kind, default: (0, 0)].all += 1
            if row.deleted { counts[kind, default: (0, 0)].deleted += 1 }
        }
        for message in wanted {
            guard let id = names.id(of: message) else { continue }
            let kind = Kind(id: id, octets: Int64(message.octets ?? -1))
            guard let count = counts[kind], count.all > 0 else { continue }
            counts[kind]?.all -= 1
            seeming.insert(message.number)
        }
        var others: [Int64: Int] = [:]
        for (kind, count) in counts { others[kind.octets, default: 0] += max(0, count.all - count.deleted) }
        for message in wanted where !seeming.contains(message.number) {
            let size = Int64(message.octets ?? -1)
            guard let count = others[size], count > 0 else { continue }
            others[size] = count - 1
            seeming.insert(message.number)
        }
        return seeming
    }

    /// Whether a wanted message was assumed to be moved when ``missing`` was counted.
    func seemsMoved(_ message: ListedMessage) -> Bool { seeming.contains(message.number) }

    private mutating func takeDeleted(_ content: Int64, _ id: Int64?) -> LedgerRow? {
        guard id != nil, let index = deleted[content]?.firstIndex(where: { $0.uniqueID == id }) else { return nil }
        return deleted[content]?.remove(at: index)
    }

    /// Says what a fetched message is. Ask once for each message: the answer uses up a candidate.
    mutating func judge(_ staged: StagedMessage) -> Verdict {
        let names = naming.names
        let id = names.id(of: staged.message)
        let content = staged.content.value
        let isShown = views.isShown(content, in: staged.message.folder)
        var old = isShown ? nil : candidates[content]?.popLast() ?? takeDeleted(content, id)
        let filed = old == nil ? views.takeFiled(content, for: staged.message.folder) : nil
        old = old ?? filed
        let occurrence: Int32
        if let old, old.uniqueID == id {
            occurrence = old.occurrence
        } else {
            occurrence = nextOccurrence[id] ?? 0
            nextOccurrence[id] = occurrence.addingSaturated(1)
        }
        let row = LedgerRow(
            uniqueID: id, occurrence: occurrence, content: content, octets: Int64(staged.message.octets ?? -1),
            source: names.source(of: staged.message), isShared: naming.isShared(id))
        if isShown { return .shown(row.shown) }
        views.add(content)
        guard let old else { return .new(row) }
        return filed.map { .filed(old: old, row: row, shown: $0.shown) } ?? .known(old: old, row: row)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these are the digits of `number`, leading zeros aside.
    fileprivate func isNumber(_ number: Int) -> Bool {
        guard let last, last == UInt8(ascii: "0") + UInt8(number % 10) else { return false }
        return drop { $0 == UInt8(ascii: "0") }.elementsEqual(String(number).utf8)
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
