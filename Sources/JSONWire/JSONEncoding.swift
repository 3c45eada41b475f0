// SPDX-License-Identifier: Apache-2.0

/// A type that is written as a JSON string from octets, without a `String` being made. It needs no `encode(to:)` of
/// its own.
public protocol OctetsEncodable: Encodable {
    /// Gives the UTF-8 octets, unescaped, to `body`.
    func withJSONString<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension OctetsEncodable {
    public func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? ValueEncoder else {
            throw JSONError(.notEncodable, detail: "can only be written as JSON text")
        }
        encoder.scalar { octets in withJSONString { JSONText.append(string: $0, to: &octets) } }
    }
}

/// What has been written. Containers that may be filled in any order have outputs of their own, inserted in the end.
final class Output {
    var octets: [UInt8] = []
    var insertions: [(offset: Int, encoder: ValueEncoder)] = []

    func assembled() -> [UInt8] {
        var whole: [UInt8] = []
        var taken = 0
        for (offset, encoder) in insertions {
            encoder.close()
            whole.append(contentsOf: octets[taken..<offset])
            whole.append(
                contentsOf: encoder.output.insertions.isEmpty ? encoder.output.octets : encoder.output.assembled())
            taken = offset
        }
        whole.append(contentsOf: octets[taken...])
        return whole
    }
}

/// Writes one value: the first container asked for opens it, `close` ends it.
final class ValueEncoder: Encoder {
    private enum State { case empty, object, array, scalar }

    let output: Output
    private let parent: ValueEncoder?
    private let key: (any CodingKey)?
    private var state = State.empty
    private(set) var count = 0
    private var misuse = false

    init(_ output: Output, parent: ValueEncoder?, key: (any CodingKey)?) {
        self.output = output
        self.parent = parent
        self.key = key
    }

    var codingPath: [any CodingKey] { (parent?.codingPath ?? []) + (key.map { [$0] } ?? []) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        open(.object, UInt8(ascii: "{"))
        return KeyedEncodingContainer(MemberEncoding<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        open(.array, UInt8(ascii: "["))
        return ElementEncoding(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ValueEncoding(encoder: self) }

    /// Writes `value` as the value this encoder is for.
    func encode<T: Encodable>(_ value: T) throws(JSONError) {
        do {
            try value.encode(to: self)
        } catch let error as JSONError {
            throw error
        } catch {
            throw JSONError(.notEncodable, path: path, detail: "\(error)", cause: error)
        }
        guard !misuse else {
            throw JSONError(.notEncodable, path: path, detail: "is written as two kinds of value at once")
        }
        close()
    }

    func close() {
        switch state {
        case .empty: output.octets.append(contentsOf: "{}".utf8)  // a type without anything in it
        case .object: output.octets.append(UInt8(ascii: "}"))
        case .array: output.octets.append(UInt8(ascii: "]"))
        case .scalar: break
        }
        state = .scalar
    }

    // MARK: Parts

    private func open(_ kind: State, _ bracket: UInt8) {
        switch state {
        case .empty:
            state = kind
            output.octets.append(bracket)
        case kind: break  // a class and its superclass share a container
        default: misuse = true
        }
    }

    /// Writes a value without parts.
    func scalar(_ body: (inout [UInt8]) -> Void) {
        guard case .empty = state else {
            misuse = true
            return
        }
        state = .scalar
        body(&output.octets)
    }

    func double(_ value: Double, at key: (any CodingKey)? = nil) throws(JSONError) -> String {
        guard value.isFinite else {
            let path = (codingPath + (key.map { [$0] } ?? [])).dotted
            throw JSONError(.nonFiniteNumber, path: path, detail: "is a number that JSON does not have")
        }
        return value.description
    }

    /// Writes what stands before a member's value.
    func member(_ key: any CodingKey) {
        if count > 0 { output.octets.append(UInt8(ascii: ",")) }
        count += 1
        JSONText.append(key.stringValue, to: &output.octets)
        output.octets.append(UInt8(ascii: ":"))
    }

    /// Writes what stands before an element.
    func element() {
        if count > 0 { output.octets.append(UInt8(ascii: ",")) }
        count += 1
    }

    /// The encoder of a part that is written right now.
    func part(_ key: any CodingKey) -> ValueEncoder { ValueEncoder(output, parent: self, key: key) }

    /// The encoder of a part that may be written later, while others are.
    func laterPart(_ key: any CodingKey) -> ValueEncoder {
        let part = ValueEncoder(Output(), parent: self, key: key)
        output.insertions.append((output.octets.count, part))
        return part
    }

    private var path: String { codingPath.dotted }
}
