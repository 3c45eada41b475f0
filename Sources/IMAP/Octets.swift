// SPDX-License-Identifier: Apache-2.0

import MailSession

extension UInt8 {
    /// Of the name of an attribute: `RFC822.SIZE`.
    var isOfName: Bool { isASCIIAlphanumeric || self == UInt8(ascii: ".") }
}

extension Collection<UInt8> {
    /// Whether this is `keyword`, which is in capitals, in letters of any case.
    func isKeyword(_ keyword: StaticString) -> Bool {
        count == keyword.utf8CodeUnitCount
            && keyword.withUTF8Buffer { keyword in zip(self, keyword).allSatisfy { $0.asciiUppercased == $1 } }
    }

    /// As text in capitals; only of what is ASCII.
    var uppercasedText: String { String(decoding: map(\.asciiUppercased), as: UTF8.self) }
}

extension ArraySlice<UInt8> {
    /// The longest end that holds nothing but such octets.
    func suffix(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        var start = endIndex
        while start > startIndex, isWanted(self[start - 1]) { start -= 1 }
        return self[start...]
    }
}

extension FixedWidthInteger {
    /// The number that `digits` are, or the largest there is.
    init(saturating digits: some Sequence<UInt8>) {
        var value: Self = 0
        for digit in digits {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Self(digit &- 48))
            guard !overflow, !carry else {
                self = .max
                return
            }
            value = sum
        }
        self = value
    }
}
