// SPDX-License-Identifier: Apache-2.0

/// A look at one value of a `JSONDocument`; cheap to copy. The document, and what it holds, lives as long as a view.
public struct JSONView: Sendable {
    /// What a value is.
    public enum Kind: String, Sendable, CaseIterable {
        case null, bool, number, string, array, object
    }

    /// The document the value is in.
    public let document: JSONDocument
    let index: Int

    var token: Token { document.tape[index] }

    /// What the value is.
    public var kind: Kind {
        switch token.kind {
        case .null: .null
        case .false, .true: .bool
        case .number: .number
        case .plainString, .escapedString: .string
        case .array: .array
        case .object: .object
        }
    }

    /// Whether the value is `null`.
    public var isNull: Bool { token.kind == .null }

    /// `true` or `false`; nil for anything else.
    public var bool: Bool? {
        switch token.kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    // MARK: Numbers

    /// The number as it stands in the text; nil for anything else.
    public var rawNumber: String? {
        token.kind == .number ? String(decoding: raw, as: UTF8.self) : nil
    }

    /// The number, where it is whole (`1e3` is 1000) and fits; nil for anything else.
    public var integer: Int64? {
        JSONNumber(self).flatMap { $0.integer(as: Int64.self) }
    }

    /// The nearest number of double precision; nil beyond its range and for anything else.
    public var double: Double? {
        JSONNumber(self).flatMap(\.double)
    }

    // MARK: Strings

    /// The string, unescaped; nil for anything else.
    public var string: String? {
        switch token.kind {
        case .plainString:
            String(decoding: raw, as: UTF8.self)
        case .escapedString:
            String(unsafeUninitializedCapacity: raw.count) {
                UTF8Text.unescape(raw, into: UnsafeMutableRawBufferPointer($0))
            }
        default: nil
        }
    }

    /// Reads the string's unescaped octets (UTF-8) without a `String` being made, as befits a password; nil for
    /// anything but a string. The pointer must not leave `body`; what unescaping needs is overwritten after it.
    public func withStringOctets<Result>(
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result? {
        switch token.kind {
        case .plainString:
            return try withExtendedLifetime(document) { try body(raw) }
        case .escapedString:
            let target = UnsafeMutableRawBufferPointer.allocate(byteCount: raw.count, alignment: 1)
            defer {
                target.wipe()
                target.deallocate()
            }
            let count = withExtendedLifetime(document) { UTF8Text.unescape(raw, into: target) }
            return try body(UnsafeRawBufferPointer(rebasing: target[..<count]))
        default: return nil
        }
    }

    /// Whether the value is this string.
    public func isString(_ text: String) -> Bool {
        var text = text
        return withStringOctets { octets in text.withUTF8 { octets.elementsEqual($0) } } ?? false
    }

    // MARK: Arrays and objects

    /// The elements of an array, in order; none for anything else.
    public var elements: Elements { Elements(self) }

    /// The members of an object, in order; none for anything else.
    public var members: Members { Members(self) }

    /// The value of an object's member; nil where there is none, and for anything but an object.
    public subscript(name: String) -> JSONView? {
        var name = name
        return name.withUTF8 { text in
            for member in members where member.nameView.withStringOctets({ $0.elementsEqual(text) }) == true {
                return member.value
            }
            return nil
        }
    }

    /// The values of an array.
    public struct Elements: Sequence, IteratorProtocol, Sendable {
        private let document: JSONDocument
        private var index: Int
        private let end: Int

        init(_ view: JSONView) {
            document = view.document
            index = view.index + 1
            end = view.token.kind == .array ? document.end(of: view.index) : index
        }

        public mutating func next() -> JSONView? {
            guard index < end else { return nil }
            defer { index = document.end(of: index) }
            return JSONView(document: document, index: index)
        }

        var isAtEnd: Bool { index >= end }
    }

    /// A name of an object, and its value.
    public struct Member: Sendable {
        let nameView: JSONView

        /// The value.
        public let value: JSONView

        /// The name.
        public var name: String { nameView.string ?? "" }
    }

    /// The members of an object.
    public struct Members: Sequence, IteratorProtocol, Sendable {
        private let document: JSONDocument
        private var index: Int
        private let end: Int

        init(_ view: JSONView) {
            document = view.document
            index = view.index + 1
            end = view.token.kind == .object ? document.end(of: view.index) : index
        }

        public mutating func next() -> Member? {
            guard index < end else { return nil }
            defer { index = document.end(of: index + 1) }
            return Member(
                nameView: JSONView(document: document, index: index),
                value: JSONView(document: document, index: index + 1))
        }
    }

    /// The octets as they stand in the text, of numbers and strings.
    var raw: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: document.source.octets[token.range])
    }
}
