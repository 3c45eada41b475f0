// SPDX-License-Identifier: Apache-2.0

// The way of a file: its octets become UTF-8, in memory that is overwritten in the end (``FileEncoding``). Its first
// rows tell the separator (``Separator``), whether there is a header, and what each column means (``Layout``,
// ``Meaning``). Then ``AccountFile/next()`` returns row after row. Nothing of a row is kept except what its account
// needs, and no message repeats anything of a row except its address: a field of a broken row may be a password.

public import Secrets
public import Vocabulary

/// A file of accounts as another system exports it: whatever encoding, separator and header it has.
public struct AccountFile {
    /// A row that describes an account; others decide whether it is valid.
    public struct Row: Sendable {
        /// The first line of the row in the file, counted from 1.
        public var line: Int
        /// Valid as an address.
        public var address: String
        public var password: Password?
        /// `{SCHEME}…` as Dovecot writes it, or a bare `crypt(3)` string.
        public var passwordHash: String?
        public var displayName: String?
        public var quotaOctets: Int64?
    }

    public struct RejectedRow: Sendable, Hashable {
        public var line: Int
        /// The address as given, unless something else might be in its place; then empty.
        public var address: String
        public var fault: RowFault
    }

    public enum Entry: Sendable {
        case row(Row)
        case rejected(RejectedRow)
    }

    /// The most rows in one file.
    public static let mostRows = 200_000
    /// A longer name is not one: a quote was left open.
    static let longestName = 1000

    /// The file's encoding, such as `UTF-8` or `GB18030`.
    public let encoding: String
    public let separator: Separator
    /// The columns from left to right; without a header row their names are empty.
    public let columns: [Column]

    private let text: WipedText
    private let encodingIsCertain: Bool
    private let layout: Layout
    private var rows: RowReader
    private var fields = RowReader.Fields()
    private var count = 0

    /// - Parameter encoding: the file's encoding; nil to detect it.
    /// - Throws: ``AccountFileError`` if the file as a whole cannot be read.
    public init(_ octets: UnsafeRawBufferPointer, encoding: String? = nil) throws(AccountFileError) {
        let decoded = try FileEncoding.decode(octets, as: encoding)
        text = decoded.text
        self.encoding = decoded.name
        encodingIsCertain = decoded.isCertain
        let (separator, start) = Separator.find(in: text)
        self.separator = separator
        var reader = RowReader(text, separator: separator.octet, at: start)
        layout = try Layout(reading: &reader)
        columns = layout.columns
        rows = reader
    }

    /// The next row that is not empty; nil at the end.
    /// - Throws: ``AccountFileError`` (`tooManyRows`).
    public mutating func next() throws(AccountFileError) -> Entry? {
        while rows.next(&fields) {
            guard !fields.isEmpty(in: text) else { continue }
            count += 1
            guard count <= Self.mostRows else { throw .tooManyRows }
            return entry()
        }
        return nil
    }

    private func entry() -> Entry {
        let address = addressText()
        func reject(_ fault: RowFault) -> Entry {
            .rejected(RejectedRow(line: fields.line, address: shown(address, fault), fault: fault))
        }
        if let fault = fields.fault { return reject(fault) }
        let surplus = fields.cells.dropFirst(layout.width ?? fields.cells.count)
        if surplus.contains(where: { !$0.trimmed(in: text).range.isEmpty }) { return reject(.tooManyFields) }
        do throws(InvalidAddress) {
            _ = try EmailAddress(address)
        } catch {
            return reject(.invalidAddress(address.isEmpty ? "there is no address in it" : error.detail))
        }
        var row = Row(line: fields.line, address: address)
        row.displayName = displayName()
        if row.displayName?.utf8.count ?? 0 > Self.longestName { return reject(.nameTooLong) }
        if let column = layout.quota, let cell = cell(column.index) {
            switch Quota(cell.string(in: text), unit: column.unit) {
            case .octets(let octets): row.quotaOctets = octets
            case .unlimited: break
            case nil: return reject(.noQuota)
            }
        }
        if let cell = layout.passwordHash.flatMap(cell) { row.passwordHash = cell.trimmed(in: text).string(in: text) }
        if let cell = layout.password.flatMap(cell), !cell.isMasked(in: text) {
            if let hash = cell.hash(in: text) {
                row.passwordHash = row.passwordHash ?? hash
            } else {
                guard encodingIsCertain || cell.isASCII(in: text) else { return reject(.encodingUncertain) }
                row.password = cell.password(in: text)
            }
        }
        return .row(row)
    }

    /// nil where the row has no such field, or an empty one.
    private func cell(_ index: Int) -> RowReader.Cell? {
        guard fields.cells.indices.contains(index), !fields.cells[index].range.isEmpty else { return nil }
        return fields.cells[index]
    }

    private func trimmedText(_ index: Int) -> String? {
        guard let cell = cell(index)?.trimmed(in: text), !cell.range.isEmpty else { return nil }
        return cell.string(in: text)
    }

    private func addressText() -> String {
        guard let given = trimmedText(layout.address) else { return "" }
        // With a column for domains there may be user names alone.
        guard let domain = layout.domain, !given.utf8.contains(UInt8(ascii: "@")) else { return given }
        guard let name = trimmedText(domain) else { return given }
        return "\(given)@\(name.hasPrefix("@") ? String(name.dropFirst()) : name)"
    }

    /// What a message may show of an invalid address: in a row that may have lost its order, something else may be in
    /// its place.
    private func shown(_ address: String, _ fault: RowFault) -> String {
        guard case .invalidAddress = fault else { return (try? EmailAddress(address)) == nil ? "" : address }
        guard fields.cells.count == columns.count else { return "" }
        let isPlain = address.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case ",", ";", "|", "\"", "\t": false
            default: scalar.properties.generalCategory != .control
            }
        }
        guard isPlain, address.utf8.count <= 320 else { return "" }
        let others = fields.cells.indices.filter { $0 != layout.address }
        return others.contains { fields.cells[$0].trimmed(in: text).holdsAddress(in: text) } ? "" : address
    }

    private func displayName() -> String? {
        if let name = layout.displayName.flatMap(trimmedText) { return name }
        let given = layout.givenName.flatMap(trimmedText)
        let family = layout.familyName.flatMap(trimmedText)
        guard let given, let family else { return given ?? family }
        // Chinese, Japanese and Korean names have the family name first, and no space.
        let isEastAsian = (family + given).unicodeScalars.allSatisfy { (0x2E80...0xD7FF).contains($0.value) }
        return isEastAsian ? family + given : "\(given) \(family)"
    }
}

/// Why a row is no account.
public enum RowFault: Sendable, Hashable {
    /// A quote that is never closed, …
    case openQuote
    /// … or that is closed before the field ends.
    case textAfterQuote
    case nul
    /// More fields than the header has: one of them holds the separator and is not quoted.
    case tooManyFields
    case noQuota
    case nameTooLong
    /// The text says what is wrong, and repeats nothing of the address.
    case invalidAddress(String)
    /// The password is not ASCII, and the file's encoding had to be guessed.
    case encodingUncertain
}

/// Why a file cannot be read at all.
public enum AccountFileError: Error, Hashable, Sendable {
    case empty
    case unknownEncoding
    /// The file does not have the given encoding.
    case notInEncoding(String)
    /// None was given, and none of the detectable ones fits.
    case encodingNotFound
    case noAddressColumn
    /// Two columns have the same name, and it is unclear which to use.
    case ambiguousColumns(Meaning)
    case nulInHeader
    case tooManyRows
}
