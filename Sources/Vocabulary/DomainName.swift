// SPDX-License-Identifier: Apache-2.0

import CIDN2

/// A mail domain in A-form (RFC 5890): lower-case ASCII labels, whatever form it was given in.
public struct DomainName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The A-form, such as `xn--fsq.example`.
    public let name: String

    /// - Throws: ``InvalidAddress`` when `text` is no domain name.
    public init(_ text: String) throws(InvalidAddress) {
        guard !text.isEmpty, text.utf8.count <= 1024 else { throw InvalidAddress("the domain is empty or too long") }
        guard !text.utf8.contains(0) else { throw InvalidAddress("the domain holds a NUL") }
        // Nearly every domain is already plain ASCII, and the library takes microseconds to find that out.
        if text.utf8.count <= 253, !text.contains("--"), text.utf8.allSatisfy({ $0 < 0x80 }) {
            let name = text.lowercased()
            guard Self.labelsAreValid(name) else {
                throw InvalidAddress("the domain may hold only letters, digits and hyphens between its dots")
            }
            self.name = name
            return
        }
        var ascii: UnsafeMutablePointer<CChar>?
        let flags = Int32(IDN2_NFC_INPUT.rawValue | IDN2_NONTRANSITIONAL.rawValue)
        let result = idn2_to_ascii_8z(text, &ascii, flags)
        defer { idn2_free(ascii) }
        guard result == IDN2_OK.rawValue, let ascii else {
            throw InvalidAddress("the domain is not valid (\(String(cString: idn2_strerror(result))))")
        }
        let name = String(cString: ascii).lowercased()
        guard name.utf8.count <= 253, Self.labelsAreValid(name) else {
            throw InvalidAddress("the domain may hold only letters, digits and hyphens between its dots")
        }
        self.name = name
    }

    /// Host-name rules of RFC 1123 §2.1.
    private static func labelsAreValid(_ name: String) -> Bool {
        name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count)
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { octet in
                    switch octet {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
        }
    }

    public var description: String { name }

    public static func < (left: Self, right: Self) -> Bool { left.name < right.name }
}

/// Why a text is no address or domain.
public struct InvalidAddress: Error, Hashable, CustomStringConvertible {
    /// What is wrong, for people.
    public let detail: String

    init(_ detail: String) { self.detail = detail }

    public var description: String { detail }
}
