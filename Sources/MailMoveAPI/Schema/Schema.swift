// SPDX-License-Identifier: Apache-2.0

public import JSONWire

/// What a JSON value must look like: checked when a request comes in, told as JSON Schema by `rpc.discover`.
public indirect enum Schema: Sendable {
    case boolean
    /// Whole numbers within the range.
    case integer(ClosedRange<Int>)
    /// Any number from zero up.
    case number
    case string(TextForm)
    /// One of these words.
    case choice([String])
    case array(of: Schema)
    /// An array whose elements the method judges one by one: a bad one spoils no other.
    case rows(of: Schema)
    case object(ObjectSchema)
    /// An object with any members, whose values are all of this form.
    case map(of: Schema)
    /// Whatever one of them allows; told apart by their required members.
    case either([Schema])
    /// A result's member that is always there, as null where there is nothing to tell.
    case orNull(Schema)
    /// An object that another specification describes.
    case anyObject(String)
    /// The value of a setting: text, number, truth value, list, object or null.
    case anything
}

/// An object's members, and no others.
public struct ObjectSchema: Sendable {
    /// The name under which the document describes it once; nil where it is described in place.
    public let name: String?
    /// One sentence for people.
    public let about: String
    public let members: [Member]

    public init(_ name: String, _ about: String, _ members: [Member]) {
        self.name = name
        self.about = about
        self.members = members
    }

    /// One that is described in place.
    public init(_ about: String, _ members: [Member]) {
        self.name = nil
        self.about = about
        self.members = members
    }

    /// The member of that name.
    func member(_ name: String) -> Member? { members.first { $0.name == name } }
}

/// One member of an object.
public struct Member: Sendable {
    public enum Presence: Sendable {
        case required
        /// A parameter that may be left out, or given as null, which means the same.
        case optional(default: JSONValue?)
        /// A result's member that is left out where there is nothing to tell.
        case sometimes
    }

    public let name: String
    public let schema: Schema
    public let presence: Presence
    /// What it means, for people; a clause without a full stop.
    public let about: String

    public static func required(_ name: String, _ schema: Schema, _ about: String) -> Member {
        Member(name: name, schema: schema, presence: .required, about: about)
    }

    public static func optional(
        _ name: String, _ schema: Schema, default value: JSONValue? = nil, _ about: String
    ) -> Member {
        Member(name: name, schema: schema, presence: .optional(default: value), about: about)
    }

    public static func sometimes(_ name: String, _ schema: Schema, _ about: String) -> Member {
        Member(name: name, schema: schema, presence: .sometimes, about: about)
    }

    var isRequired: Bool {
        if case .required = presence { true } else { false }
    }
}

/// A type that says what its JSON looks like, beside its `Codable` members.
public protocol Described {
    static var schema: Schema { get }
}

extension Schema {
    /// The words of an enumeration.
    static func choice<Words: CaseIterable & RawRepresentable>(_: Words.Type) -> Schema where Words.RawValue == String {
        .choice(Words.allCases.map(\.rawValue))
    }

    /// Some of the words of an enumeration.
    static func choice<Word: RawRepresentable>(of words: [Word]) -> Schema where Word.RawValue == String {
        .choice(words.map(\.rawValue))
    }

    /// A figure that is never negative.
    static var count: Schema { .integer(0...Int.max) }
}
