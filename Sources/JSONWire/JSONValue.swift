// SPDX-License-Identifier: Apache-2.0

/// A JSON value of any kind, for documents that are built rather than declared.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number; it must be finite to be written. One that is whole reads as an integer.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Copies what a view shows. A number beyond double precision's range becomes `null`.
    public init(_ view: JSONView) {
        switch view.kind {
        case .null: self = .null
        case .bool: self = .bool(view.bool == true)
        case .number:
            // What becomes whole by rounding, such as 1e-400, is written as a whole number and has to read as one.
            if let integer = view.integer ?? view.double.flatMap(Int64.init(exactly:)) {
                self = .integer(integer)
            } else {
                self = view.double.map(JSONValue.number) ?? .null
            }
        case .string: self = .string(view.string ?? "")
        case .array: self = .array(view.elements.map(JSONValue.init))
        case .object:
            self = .object(JSONObject(members: view.members.map { .init(name: $0.name, value: JSONValue($0.value)) }))
        }
    }

    /// An object's member; nil where there is none, and for anything but an object.
    public subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// An array's element; nil beyond its end, and for anything but an array.
    public subscript(position: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(position) { elements[position] } else { nil }
    }

    /// The string; nil for anything else.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The whole number; nil for anything else.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The number; nil for anything else.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// True or false; nil for anything else.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The elements; nil for anything but an array.
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// The members; nil for anything but an object.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
}

/// The members of a JSON object, in the order they were put in; every name once.
public struct JSONObject: Hashable, Sendable {
    /// A name and its value.
    public struct Member: Hashable, Sendable {
        public var name: String
        public var value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// In order.
    public private(set) var members: [Member] = []

    public init() {}

    /// Members whose names differ.
    init(members: [Member]) { self.members = members }

    /// A member's value. A new member is put last; nil takes a member away.
    public subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            let position = members.firstIndex { $0.name == name }
            switch (position, newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil): members.remove(at: position)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }
}

// MARK: Literals

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(members.reduce(into: JSONObject()) { $0[$1.0] = $1.1 })
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral members: (String, JSONValue)...) {
        for (name, value) in members { self[name] = value }
    }
}

// MARK: Codable

extension JSONValue: Codable {
    public init(from decoder: any Decoder) throws {
        if let decoder = decoder as? ViewDecoder {
            self.init(decoder.view)
        } else if let container = try? decoder.container(keyedBy: Step.self) {  // absence: it is no object
            self = .object(
                JSONObject(
                    members: try container.allKeys.map {
                        .init(name: $0.stringValue, value: try container.decode(JSONValue.self, forKey: $0))
                    }))
        } else if var container = try? decoder.unkeyedContainer() {  // absence: it is no array
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
            self = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                self = .null
            } else if let value = try? container.decode(Bool.self) {  // absence: it is of another kind
                self = .bool(value)
            } else if let value = try? container.decode(Int64.self) {
                self = .integer(value)
            } else if let value = try? container.decode(Double.self) {
                self = .number(value)
            } else {
                self = .string(try container.decode(String.self))
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let value): try value.encode(to: encoder)
        case .integer(let value): try value.encode(to: encoder)
        case .number(let value): try value.encode(to: encoder)
        case .string(let value): try value.encode(to: encoder)
        case .array(let elements): try elements.encode(to: encoder)
        case .object(let object): try object.encode(to: encoder)
        }
    }
}

extension JSONObject: Codable {
    public init(from decoder: any Decoder) throws {
        guard case .object(let object) = try JSONValue(from: decoder) else {
            throw DecodingError.typeMismatch(
                JSONObject.self, .init(codingPath: decoder.codingPath, debugDescription: "not an object"))
        }
        self = object
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Step.self)
        for member in members { try container.encode(member.value, forKey: Step(member.name)) }
    }
}
