// SPDX-License-Identifier: Apache-2.0

/// Writes the members of an object.
struct MemberEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: ValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    private func integer(_ value: some FixedWidthInteger, _ key: Key) {
        encoder.member(key)
        JSONText.append(value, to: &encoder.output.octets)
    }

    func encodeNil(forKey key: Key) throws {
        encoder.member(key)
        encoder.output.octets.append(contentsOf: "null".utf8)
    }

    func encode(_ value: Bool, forKey key: Key) throws {
        encoder.member(key)
        encoder.output.octets.append(contentsOf: (value ? "true" : "false").utf8)
    }

    func encode(_ value: String, forKey key: Key) throws {
        encoder.member(key)
        JSONText.append(value, to: &encoder.output.octets)
    }

    func encode(_ value: Double, forKey key: Key) throws {
        let text = try encoder.double(value, at: key)
        encoder.member(key)
        encoder.output.octets.append(contentsOf: text.utf8)
    }

    func encode(_ value: Float, forKey key: Key) throws { try encode(Double(value), forKey: key) }
    func encode(_ value: Int, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: Int8, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: Int16, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: Int32, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: Int64, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: UInt, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: UInt8, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: UInt16, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: UInt32, forKey key: Key) throws { integer(value, key) }
    func encode(_ value: UInt64, forKey key: Key) throws { integer(value, key) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        encoder.member(key)
        try encoder.part(key).encode(value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        encoder.member(key)
        return encoder.laterPart(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.member(key)
        return encoder.laterPart(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
        encoder.member(Step("super"))
        return encoder.laterPart(Step("super"))
    }

    func superEncoder(forKey key: Key) -> any Encoder {
        encoder.member(key)
        return encoder.laterPart(key)
    }
}

/// Writes the elements of an array.
struct ElementEncoding: UnkeyedEncodingContainer {
    let encoder: ValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    private func integer(_ value: some FixedWidthInteger) {
        encoder.element()
        JSONText.append(value, to: &encoder.output.octets)
    }

    func encodeNil() throws {
        encoder.element()
        encoder.output.octets.append(contentsOf: "null".utf8)
    }

    func encode(_ value: Bool) throws {
        encoder.element()
        encoder.output.octets.append(contentsOf: (value ? "true" : "false").utf8)
    }

    func encode(_ value: String) throws {
        encoder.element()
        JSONText.append(value, to: &encoder.output.octets)
    }

    func encode(_ value: Double) throws {
        let text = try encoder.double(value, at: Step(count))
        encoder.element()
        encoder.output.octets.append(contentsOf: text.utf8)
    }

    func encode(_ value: Float) throws { try encode(Double(value)) }
    func encode(_ value: Int) throws { integer(value) }
    func encode(_ value: Int8) throws { integer(value) }
    func encode(_ value: Int16) throws { integer(value) }
    func encode(_ value: Int32) throws { integer(value) }
    func encode(_ value: Int64) throws { integer(value) }
    func encode(_ value: UInt) throws { integer(value) }
    func encode(_ value: UInt8) throws { integer(value) }
    func encode(_ value: UInt16) throws { integer(value) }
    func encode(_ value: UInt32) throws { integer(value) }
    func encode(_ value: UInt64) throws { integer(value) }

    func encode<T: Encodable>(_ value: T) throws {
        let position = Step(count)
        encoder.element()
        try encoder.part(position).encode(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        later().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { later().unkeyedContainer() }
    func superEncoder() -> any Encoder { later() }

    private func later() -> ValueEncoder {
        let position = Step(count)
        encoder.element()
        return encoder.laterPart(position)
    }
}

/// Writes one value by itself.
struct ValueEncoding: SingleValueEncodingContainer {
    let encoder: ValueEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    private func integer(_ value: some FixedWidthInteger) { encoder.scalar { JSONText.append(value, to: &$0) } }

    func encodeNil() throws { encoder.scalar { $0.append(contentsOf: "null".utf8) } }
    func encode(_ value: Bool) throws { encoder.scalar { $0.append(contentsOf: (value ? "true" : "false").utf8) } }
    func encode(_ value: String) throws { encoder.scalar { JSONText.append(value, to: &$0) } }

    func encode(_ value: Double) throws {
        let text = try encoder.double(value)
        encoder.scalar { $0.append(contentsOf: text.utf8) }
    }

    func encode(_ value: Float) throws { try encode(Double(value)) }
    func encode(_ value: Int) throws { integer(value) }
    func encode(_ value: Int8) throws { integer(value) }
    func encode(_ value: Int16) throws { integer(value) }
    func encode(_ value: Int32) throws { integer(value) }
    func encode(_ value: Int64) throws { integer(value) }
    func encode(_ value: UInt) throws { integer(value) }
    func encode(_ value: UInt8) throws { integer(value) }
    func encode(_ value: UInt16) throws { integer(value) }
    func encode(_ value: UInt32) throws { integer(value) }
    func encode(_ value: UInt64) throws { integer(value) }
    func encode<T: Encodable>(_ value: T) throws { try value.encode(to: encoder) }
}
