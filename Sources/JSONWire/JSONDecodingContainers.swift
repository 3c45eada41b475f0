// SPDX-License-Identifier: Apache-2.0

/// The members of an object, by name.
struct MemberDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: ViewDecoder

    /// By name, where they are too many to be looked through for each.
    private let index: [String: JSONView]?

    init(_ decoder: ViewDecoder) throws(JSONError) {
        guard decoder.view.kind == .object else { throw decoder.mismatch("object", decoder.view) }
        self.decoder = decoder
        guard decoder.view.token.payload > 64 else {
            index = nil
            return
        }
        var index: [String: JSONView] = [:]
        for member in decoder.view.members { index[member.name] = member.value }
        self.index = index
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { decoder.view.members.compactMap { Key(stringValue: $0.name) } }

    private func find(_ key: any CodingKey) -> JSONView? {
        if let index { return index[key.stringValue] }
        return decoder.view[key.stringValue]
    }

    private func value(_ key: any CodingKey) throws(JSONError) -> JSONView {
        guard let value = find(key) else { throw decoder.missing(key) }
        return value
    }

    /// The value, unless it is missing or null.
    private func present(_ key: Key) -> JSONView? {
        find(key).flatMap { $0.isNull ? nil : $0 }
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try decoder.bool(value(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try decoder.string(value(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try decoder.double(value(key)) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try decoder.double(value(key))) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try decoder.integer(type, value(key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try decoder.integer(type, value(key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try decoder.integer(type, value(key)) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try decoder.integer(type, value(key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try decoder.integer(type, value(key)) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try decoder.integer(type, value(key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try decoder.integer(type, value(key)) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try decoder.integer(type, value(key)) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try decoder.integer(type, value(key)) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try decoder.integer(type, value(key)) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try decoder.decode(type, value(key)) }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key).map(decoder.bool) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try present(key).map(decoder.string)
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try present(key).map(decoder.double)
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try present(key).map { try decoder.integer(type, $0) }
    }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try present(key).map { try decoder.integer(type, $0) }
    }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try present(key).map { try decoder.decode(type, $0) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try decoder.at(value(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder.at(value(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder.at(try value(Step("super"))) }
    func superDecoder(forKey key: Key) throws -> any Decoder { decoder.at(try value(key)) }
}

/// The elements of an array, in turn.
struct ElementDecoding: UnkeyedDecodingContainer {
    private let decoder: ViewDecoder
    private var rest: JSONView.Elements
    private(set) var currentIndex = 0

    init(_ decoder: ViewDecoder) throws(JSONError) {
        guard decoder.view.kind == .array else { throw decoder.mismatch("array", decoder.view) }
        self.decoder = decoder
        rest = decoder.view.elements
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { decoder.view.elements.reduce(into: 0) { count, _ in count += 1 } }
    var isAtEnd: Bool { rest.isAtEnd }

    /// Goes on to the next element only if it could be read, as `UnkeyedDecodingContainer` has it.
    private mutating func take<T>(_ body: (ViewDecoder, JSONView) throws -> T) throws -> T {
        var after = rest
        guard let view = after.next() else { throw decoder.missing(Step(currentIndex)) }
        let value = try body(decoder, view)
        rest = after
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        var after = rest
        guard let view = after.next() else { throw decoder.missing(Step(currentIndex)) }
        guard view.isNull else { return false }
        rest = after
        currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try take { try $0.bool($1) } }
    mutating func decode(_ type: String.Type) throws -> String { try take { try $0.string($1) } }
    mutating func decode(_ type: Double.Type) throws -> Double { try take { try $0.double($1) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try take { Float(try $0.double($1)) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try take { try $0.integer(type, $1) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try take { try $0.integer(type, $1) } }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try take { try $0.decode(type, $1) } }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try take { try $0.at($1).container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try take { try $0.at($1).unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try take { $0.at($1) } }
}

/// One value by itself.
struct ValueDecoding: SingleValueDecodingContainer {
    let decoder: ViewDecoder

    var codingPath: [any CodingKey] { decoder.codingPath }

    func decodeNil() -> Bool { decoder.view.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try decoder.bool(decoder.view) }
    func decode(_ type: String.Type) throws -> String { try decoder.string(decoder.view) }
    func decode(_ type: Double.Type) throws -> Double { try decoder.double(decoder.view) }
    func decode(_ type: Float.Type) throws -> Float { Float(try decoder.double(decoder.view)) }
    func decode(_ type: Int.Type) throws -> Int { try decoder.integer(type, decoder.view) }
    func decode(_ type: Int8.Type) throws -> Int8 { try decoder.integer(type, decoder.view) }
    func decode(_ type: Int16.Type) throws -> Int16 { try decoder.integer(type, decoder.view) }
    func decode(_ type: Int32.Type) throws -> Int32 { try decoder.integer(type, decoder.view) }
    func decode(_ type: Int64.Type) throws -> Int64 { try decoder.integer(type, decoder.view) }
    func decode(_ type: UInt.Type) throws -> UInt { try decoder.integer(type, decoder.view) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try decoder.integer(type, decoder.view) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try decoder.integer(type, decoder.view) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try decoder.integer(type, decoder.view) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try decoder.integer(type, decoder.view) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try decoder.decode(type, decoder.view) }
}
