// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a JSON text, or with a value on its way from or to one.
///
/// Its text never repeats a value of the document: values may be passwords.
public struct JSONError: Error, Sendable, CustomStringConvertible {
    /// What kind of mistake it is.
    public enum Code: String, Sendable, CaseIterable {
        // The text is not JSON (RFC 8259).
        case unexpectedEnd, unexpectedOctet, trailingText, invalidUTF8, invalidEscape, loneSurrogate
        case controlCharacter, invalidNumber
        // The text is JSON, but not taken.
        case duplicateMember, nestedTooDeep, tooLong
        // A value does not fit the type it is decoded as.
        case missingMember, typeMismatch, outOfRange, invalidValue
        // A value cannot be written as JSON.
        case nonFiniteNumber, notEncodable
    }

    public var code: Code

    /// Where in the text, in octets from its beginning; nil when a value is concerned and not the text.
    public var offset: Int?

    /// The member concerned, as in `oldServer.port` or `accounts[3].address`; empty for the whole value.
    public var path: String

    /// What was expected or found, for people.
    public var detail: String

    /// The error of the type that refused the value.
    public var cause: (any Error)?

    public init(_ code: Code, offset: Int? = nil, path: String = "", detail: String, cause: (any Error)? = nil) {
        self.code = code
        self.offset = offset
        self.path = path
        self.detail = detail
        self.cause = cause
    }

    /// One sentence: where, and what.
    public var description: String {
        var text = detail
        if let offset { text += " at octet \(offset)" }
        return path.isEmpty ? text : "\(path): \(text)"
    }
}
