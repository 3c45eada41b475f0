// SPDX-License-Identifier: Apache-2.0

/// A row that names the columns below it.
struct Header {
    var names: [String]
    var words: [HeaderWord?]

    /// Whether its words can hardly be anything else; `login`, say, could be somebody's name.
    var isSure: Bool {
        let known = words.compactMap { $0 }
        return known.count >= 2 || known.contains(where: \.isPlain) || names.count { !$0.isEmpty } == 1
    }
    /// How many of its columns are known.
    var known: Int { words.count { $0 != nil } }

    /// nil if the row is no header. A row with an address is none, nor is one of unknown words only, which may be
    /// anything.
    init?(_ fields: RowReader.Fields, _ text: WipedText) {
        guard fields.fault == nil || fields.fault == .nul else { return nil }
        let cells = fields.cells.map { $0.trimmed(in: text) }
        guard !cells.contains(where: { $0.holdsAddress(in: text) }) else { return nil }
        names = cells.map { $0.string(in: text) }
        words = names.map { HeaderWord($0) }
        guard known > 0 else { return nil }
    }
}

/// The meaning of each column.
struct Layout {
    /// A template may explain itself above its header.
    static let mostRowsAbove = 10
    /// How many rows are examined to find the column of addresses, without a header.
    private static let sample = 100

    private(set) var columns: [Column] = []
    /// How many columns the header has; nil without one.
    private(set) var width: Int?
    private(set) var address = 0
    private(set) var domain: Int?
    private(set) var password: Int?
    private(set) var passwordHash: Int?
    private(set) var displayName: Int?
    private(set) var givenName: Int?
    private(set) var familyName: Int?
    private(set) var quota: (index: Int, unit: Int64)?

    /// Reads the header, if there is one; afterwards `reader` is behind it, or else at the beginning.
    init(reading reader: inout RowReader) throws(AccountFileError) {
        let start = reader
        let text = reader.text
        var fields = RowReader.Fields()
        var above = 0
        var header: Header?
        while above < Self.mostRowsAbove, header == nil, reader.next(&fields) {
            guard !fields.isEmpty(in: text) else { continue }
            guard !fields.cells.contains(where: { $0.trimmed(in: text).holdsAddress(in: text) }) else { break }
            if let found = Header(fields, text), found.isSure || Self.holdAddresses(reader, below: found) {
                header = found
            }
            above += 1
        }
        guard let header else {
            reader = start
            let found = try Self.addressColumn(reader, text) { _ in true }
            address = found.index
            columns = (0..<found.width).map { Column(name: "", meaning: $0 == found.index ? .address : nil) }
            return
        }
        guard !header.names.contains(where: { $0.utf8.contains(0) }) else { throw .nulInHeader }
        try take(header, reader, text)
    }

    /// Whether there is an address below a known word.
    private static func holdAddresses(_ reader: RowReader, below header: Header) -> Bool {
        var reader = reader
        var fields = RowReader.Fields()
        while reader.next(&fields) {
            guard !fields.isEmpty(in: reader.text) else { continue }
            return zip(fields.cells, header.words).contains { cell, word in
                word != nil && cell.trimmed(in: reader.text).holdsAddress(in: reader.text)
            }
        }
        return false
    }

    private mutating func take(_ header: Header, _ reader: RowReader, _ text: WipedText) throws(AccountFileError) {
        width = header.names.count
        columns = header.names.map { Column(name: $0, meaning: nil) }
        func best(_ meaning: Meaning) throws(AccountFileError) -> Int? {
            let candidates = header.words.indices.filter { header.words[$0]?.meaning == meaning }
            guard let rank = candidates.compactMap({ header.words[$0]?.rank }).min() else { return nil }
            let first = candidates.filter { header.words[$0]?.rank == rank }
            switch meaning {
            case .address, .localPart, .domain, .password, .passwordHash:
                guard first.count == 1 else { throw .ambiguousColumns(meaning) }
            default: break
            }
            return first.first
        }
        domain = try best(.domain)
        password = try best(.password)
        passwordHash = try best(.passwordHash)
        displayName = try best(.displayName)
        givenName = try best(.givenName)
        familyName = try best(.familyName)
        if let index = try best(.quotaOctets) { quota = (index, header.words[index]?.unit ?? 1) }
        var meaning = Meaning.address
        if let index = try best(.address) {
            address = index
        } else if let index = try best(.localPart) {
            address = index
            if domain != nil { meaning = .localPart }
        } else {
            // Columns known to be something else are not taken for addresses.
            address = try Self.addressColumn(reader, text) { index in
                guard index < header.words.count else { return false }
                return [nil, .displayName].contains(header.words[index]?.meaning)
            }.index
            if displayName == address { displayName = nil }
        }
        columns[address].meaning = meaning
        let others: [(Int?, Meaning)] = [
            (domain, .domain), (password, .password), (passwordHash, .passwordHash), (displayName, .displayName),
            (givenName, .givenName), (familyName, .familyName), (quota?.index, .quotaOctets),
        ]
        for case (let index?, let meaning) in others { columns[index].meaning = meaning }
    }

    /// The first column that holds addresses in half of the rows that have any, and how many columns there are.
    private static func addressColumn(
        _ reader: RowReader, _ text: WipedText, where mayBe: (Int) -> Bool
    ) throws(AccountFileError) -> (index: Int, width: Int) {
        var reader = reader
        var fields = RowReader.Fields()
        var counts: [Int] = []
        var rows = 0
        var isEmpty = true
        var read = 0
        while read < sample, reader.next(&fields) {
            guard !fields.isEmpty(in: text) else { continue }
            read += 1
            isEmpty = false
            // Fields before a fault are complete.
            counts += Array(repeating: 0, count: max(0, fields.cells.count - counts.count))
            var holdsAny = false
            for (index, cell) in fields.cells.enumerated() where mayBe(index) {
                guard cell.trimmed(in: text).holdsAddress(in: text) else { continue }
                counts[index] += 1
                holdsAny = true
            }
            if holdsAny { rows += 1 }
        }
        guard !isEmpty else { throw .empty }
        guard rows > 0, let index = counts.firstIndex(where: { 2 * $0 >= rows }) else { throw .noAddressColumn }
        return (index, counts.count)
    }
}
