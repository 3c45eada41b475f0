// SPDX-License-Identifier: Apache-2.0

/// A type that is made of a JSON string's octets and never of a `String`: a password that goes straight into guarded
/// memory. It needs no `init(from:)` of its own; decoders honour it at any depth.
public protocol OctetsDecodable: Decodable {
    /// Takes the unescaped UTF-8 octets; they are gone after the call.
    init(jsonString octets: UnsafeRawBufferPointer) throws
}

extension OctetsDecodable {
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? ViewDecoder else {
            throw JSONError(.invalidValue, detail: "can only be read from JSON text")
        }
        self = try decoder.octets(Self.self, decoder.view)
    }
}

extension JSONView {
    /// Makes a value of this one. Whatever goes wrong inside is a `JSONError` with the path, from here, of the member
    /// concerned.
    public func decode<T: Decodable>(_ type: T.Type = T.self) throws(JSONError) -> T {
        try ViewDecoder(view: self, root: index).decode(type, self)
    }

    /// The way from an enclosing value to this one: names with dots between, numbers in brackets.
    func path(from root: Int, then key: (any CodingKey)? = nil) -> String {
        (steps(from: root) + (key.map { [$0] } ?? [])).dotted
    }

    /// The way from an enclosing value to this one. Found afresh each time it is asked for, as only errors ask.
    func steps(from root: Int) -> [any CodingKey] {
        var steps: [any CodingKey] = []
        var container = JSONView(document: document, index: root)
        descend: while container.index < index {
            for (position, element) in container.elements.enumerated() where index < document.end(of: element.index) {
                steps.append(Step(position))
                container = element
                continue descend
            }
            for member in container.members where index < document.end(of: member.value.index) {
                steps.append(Step(member.name))
                container = member.value
                continue descend
            }
            break
        }
        return steps
    }
}

/// Reads values through a view; `root` is where decoding began, and error paths begin.
struct ViewDecoder: Decoder {
    let view: JSONView
    let root: Int

    var codingPath: [any CodingKey] { view.steps(from: root) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try MemberDecoding<Key>(self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try ElementDecoding(self) }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { ValueDecoding(decoder: self) }

    func at(_ view: JSONView) -> ViewDecoder { ViewDecoder(view: view, root: root) }

    // MARK: Values

    func decode<T: Decodable>(_ type: T.Type, _ view: JSONView) throws(JSONError) -> T {
        do {
            if let octetsType = type as? any OctetsDecodable.Type, let value = try octets(octetsType, view) as? T {
                return value
            }
            return try T(from: at(view))
        } catch let error as JSONError {
            throw error
        } catch let error as DecodingError {
            throw translated(error, view)
        } catch {
            throw JSONError(.invalidValue, path: view.path(from: root), detail: "\(error)", cause: error)
        }
    }

    func octets<T: OctetsDecodable>(_ type: T.Type, _ view: JSONView) throws(JSONError) -> T {
        let value: T?
        do {
            value = try view.withStringOctets { try T(jsonString: $0) }
        } catch {
            throw JSONError(.invalidValue, path: view.path(from: root), detail: "\(error)", cause: error)
        }
        guard let value else { throw mismatch("string", view) }
        return value
    }

    func bool(_ view: JSONView) throws(JSONError) -> Bool {
        guard let value = view.bool else { throw mismatch("boolean", view) }
        return value
    }

    func string(_ view: JSONView) throws(JSONError) -> String {
        guard let value = view.string else { throw mismatch("string", view) }
        return value
    }

    func double(_ view: JSONView) throws(JSONError) -> Double {
        guard let number = JSONNumber(view) else { throw mismatch("number", view) }
        guard let value = number.double else { throw outOfRange(view, "is too large a number") }
        return value
    }

    func integer<T: FixedWidthInteger>(_ type: T.Type, _ view: JSONView) throws(JSONError) -> T {
        guard let number = JSONNumber(view) else { throw mismatch("integer", view) }
        guard let value = number.integer(as: type) else {
            throw outOfRange(view, "is not a whole number between \(T.min) and \(T.max)")
        }
        return value
    }

    // MARK: Errors

    func mismatch(_ expected: String, _ view: JSONView) -> JSONError {
        JSONError(
            .typeMismatch, path: view.path(from: root), detail: "is \(view.kind.rawValue) where \(expected) is expected"
        )
    }

    func missing(_ key: any CodingKey) -> JSONError {
        JSONError(.missingMember, path: view.path(from: root, then: key), detail: "is missing")
    }

    private func outOfRange(_ view: JSONView, _ detail: String) -> JSONError {
        JSONError(.outOfRange, path: view.path(from: root), detail: detail)
    }

    /// What types say that were written for any decoder.
    private func translated(_ error: DecodingError, _ view: JSONView) -> JSONError {
        func path(_ context: DecodingError.Context, _ key: (any CodingKey)? = nil) -> String {
            (context.codingPath + (key.map { [$0] } ?? [])).dotted
        }
        switch error {
        case .keyNotFound(let key, let context):
            return JSONError(.missingMember, path: path(context, key), detail: "is missing", cause: error)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return JSONError(.typeMismatch, path: path(context), detail: "is of another type", cause: error)
        case .dataCorrupted(let context):
            return JSONError(
                .invalidValue, path: path(context), detail: "is not one of the values that are known", cause: error)
        @unknown default:
            return JSONError(.invalidValue, path: view.path(from: root), detail: "cannot be read", cause: error)
        }
    }
}
