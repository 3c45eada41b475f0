// SPDX-License-Identifier: Apache-2.0

/// A number of a JSON text, made into Swift's.
struct JSONNumber {
    private let view: JSONView

    /// Nil unless the value is a number.
    init?(_ view: JSONView) {
        guard view.token.kind == .number else { return nil }
        self.view = view
    }

    /// The number as a whole one of this type; nil where it has a fraction or does not fit.
    func integer<T: FixedWidthInteger>(as type: T.Type) -> T? {
        withExtendedLifetime(view.document) {
            let octets = view.raw
            let isNegative = octets.first == UInt8(ascii: "-")
            guard
                let magnitude = Self.magnitude(
                    isNegative ? UnsafeRawBufferPointer(rebasing: octets.dropFirst()) : octets)
            else { return nil }
            guard isNegative else { return T(exactly: magnitude) }
            if magnitude == Int64.min.magnitude { return T(exactly: Int64.min) }
            return Int64(exactly: magnitude).flatMap { T(exactly: -$0) }
        }
    }

    /// The nearest number of double precision; nil where that would be infinite.
    var double: Double? {
        guard let text = view.rawNumber, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// digits [. digits] [e [sign] digits], where its value is whole and fits.
    private static func magnitude(_ octets: UnsafeRawBufferPointer) -> UInt64? {
        var value: UInt64 = 0
        var zeros = 0  // that are not multiplied into `value` yet
        var exponent = 0
        var isFraction = false
        var position = 0
        scan: while position < octets.count {
            switch octets[position] {
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"): break scan
            case UInt8(ascii: "0"):
                zeros += 1
                if isFraction { exponent -= 1 }
            case let digit:
                if value != 0 { guard multiply(&value, zeros) else { return nil } }
                zeros = 0
                guard multiply(&value, 1) else { return nil }
                let (sum, overflow) = value.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
                guard !overflow else { return nil }
                value = sum
                if isFraction { exponent -= 1 }
            }
            position += 1
        }
        guard value != 0 else { return 0 }
        exponent += zeros + Self.exponent(octets[position...])
        return exponent >= 0 && multiply(&value, exponent) ? value : nil
    }

    /// The part behind `e`; more than any number has digits where it is too large to count.
    private static func exponent(_ octets: Slice<UnsafeRawBufferPointer>) -> Int {
        var value = 0
        var isNegative = false
        for octet in octets.dropFirst() {
            switch octet {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            default: value = min(value * 10 + Int(octet - UInt8(ascii: "0")), 1 << 40)
            }
        }
        return isNegative ? -value : value
    }

    /// Multiplies by a power of ten; false where the result does not fit.
    private static func multiply(_ value: inout UInt64, _ zeros: Int) -> Bool {
        guard zeros < 20 else { return false }
        for _ in 0..<zeros {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return false }
            value = product
        }
        return true
    }
}
