// SPDX-License-Identifier: Apache-2.0

package import Records

/// The column `flags` of the ledger.
package struct LedgerFlags: OptionSet {
    package let rawValue: Int64

    package static let uniqueID = LedgerFlags(rawValue: 1)
    package static let deleted = LedgerFlags(rawValue: 2)
    package static let shared = LedgerFlags(rawValue: 4)
    package static let shown = LedgerFlags(rawValue: 8)

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package init(of row: LedgerRow) {
        self = []
        if row.uniqueID != nil { insert(.uniqueID) }
        if row.deleted { insert(.deleted) }
        if row.isShared { insert(.shared) }
        if row.isShown { insert(.shown) }
    }
}

/// An intent's messages, 48 octets each, little-endian: UIDL, content, listed size, source and true size in 64 bits,
/// occurrence and flags in 32.
package enum IntentMessages {
    private static let width = 48

    package static func encode(_ rows: [LedgerRow], _ octets: [Int64]) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(rows.count * width)
        for (row, size) in zip(rows, octets) {
            append(row.uniqueID ?? 0, to: &encoded)
            append(row.content, to: &encoded)
            append(row.octets, to: &encoded)
            append(row.source, to: &encoded)
            append(size, to: &encoded)
            append(row.occurrence, to: &encoded)
            append(Int32(LedgerFlags(of: row).rawValue), to: &encoded)
        }
        return encoded
    }

    /// - Returns: nil if these octets are not messages.
    package static func decode(_ encoded: [UInt8]) -> (rows: [LedgerRow], octets: [Int64])? {
        guard encoded.count % width == 0 else { return nil }
        var rows: [LedgerRow] = []
        var octets: [Int64] = []
        encoded.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: width) {
                func long(_ index: Int) -> Int64 {
                    Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 8 * index, as: Int64.self))
                }
                func short(_ index: Int) -> Int32 {
                    Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 4 * index, as: Int32.self))
                }
                let flags = LedgerFlags(rawValue: Int64(short(11)))
                rows.append(
                    LedgerRow(
                        uniqueID: flags.contains(.uniqueID) ? long(0) : nil, occurrence: short(10), content: long(1),
                        octets: long(2), source: long(3), deleted: flags.contains(.deleted),
                        isShared: flags.contains(.shared), isShown: flags.contains(.shown)))
                octets.append(long(4))
            }
        }
        return (rows, octets)
    }

    private static func append(_ number: some FixedWidthInteger, to encoded: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { encoded.append(contentsOf: $0) }
    }
}
