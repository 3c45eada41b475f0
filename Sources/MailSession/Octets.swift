// SPDX-License-Identifier: Apache-2.0

import Glibc
public import NIOCore

// Inlinable: listings of millions of lines go through these, octet by octet.
extension UInt8 {
    /// The capital letter for `a` to `z`; any other octet unchanged.
    @inlinable public var asciiUppercased: UInt8 { (97...122).contains(self) ? self - 32 : self }
    /// The small letter for `A` to `Z`; any other octet unchanged.
    @inlinable public var asciiLowercased: UInt8 { (65...90).contains(self) ? self + 32 : self }
    /// `0` to `9`.
    @inlinable public var isASCIIDigit: Bool { (48...57).contains(self) }
    /// A letter or a digit.
    @inlinable public var isASCIIAlphanumeric: Bool { isASCIIDigit || (65...90).contains(asciiUppercased) }
}

extension [UInt8] {
    /// Zeroes the octets in place; if the storage is shared, the others' copy remains.
    public mutating func wipe() {
        withUnsafeMutableBytes { all in
            if let base = all.baseAddress { explicit_bzero(base, all.count) }
        }
    }
}

extension ByteBuffer {
    /// Zeroes the octets where they are, even if others hold them: for secrets that have been sent.
    public func wipe() {
        withVeryUnsafeBytes { all in
            if let base = all.baseAddress { explicit_bzero(UnsafeMutableRawPointer(mutating: base), all.count) }
        }
    }
}

extension Int {
    /// Parses the digits at the start of `octets`; nil if there are none, or more than fit.
    @inlinable public init?(decimalPrefixOf octets: ArraySlice<UInt8>) {
        var value = 0
        var digits = 0
        for octet in octets {
            guard octet.isASCIIDigit else { break }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = shifted.addingReportingOverflow(Int(octet - 48))
            guard !overflow, !carry else { return nil }
            value = sum
            digits += 1
        }
        guard digits > 0 else { return nil }
        self = value
    }
}
