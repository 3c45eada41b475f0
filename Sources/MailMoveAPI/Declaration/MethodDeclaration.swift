// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import Vocabulary

/// A method's parameters.
public protocol Parameters: Codable, Sendable, Described {
    /// Errors that no single member shows: members that exclude or need each other.
    var violation: Violation? { get }
    /// Made from a JSON value that satisfies the schema.
    static func read(_ params: JSONView) throws(JSONError) -> Self
}

extension Parameters {
    public var violation: Violation? { nil }

    public static func read(_ params: JSONView) throws(JSONError) -> Self { try params.decode() }
}

/// A method of the contract: all that the daemon, the clients and the reference know of it.
public protocol Method<Parameters, Result>: Sendable {
    associatedtype Parameters: MailMoveAPI.Parameters
    associatedtype Result: Codable & Sendable & Described

    var name: String { get }
    /// What a socket must be for this method to be called on it.
    var role: Role { get }
    /// One sentence for people.
    var about: String { get }
    /// The errors it may give, besides the specification's own and ``Contract/everywhere``.
    var reasons: [Reason] { get }
    /// Whether a call that may have been carried out can be made again without harm.
    var isIdempotent: Bool { get }
    var parameterSchema: ObjectSchema { get }
    var resultSchema: Schema { get }
    /// An example of a call's parameters …
    var exampleParameters: JSONValue { get }
    /// … and of its result.
    func exampleResult() throws -> JSONValue
    /// A call's parameters, checked and decoded. nil stands for a call without `params`.
    ///
    /// Parameters go by name; an empty array stands for none.
    /// - Throws: ``Violation`` for the first thing that is wrong.
    func parameters(from params: JSONView?) throws(Violation) -> Parameters
}

/// A method with the types of its parameters and its result.
public struct MethodDeclaration<Parameters: MailMoveAPI.Parameters, Result: Codable & Sendable & Described>: Method {
    public let name: String
    public let role: Role
    public let about: String
    public let reasons: [Reason]
    public let isIdempotent: Bool
    public let exampleParameters: JSONValue
    let example: Result

    init(
        _ name: String, _ role: Role, _ about: String, reasons: [Reason] = [], isIdempotent: Bool = false,
        example parameters: JSONValue, gives result: Result
    ) {
        self.name = name
        self.role = role
        self.about = about
        self.reasons = reasons
        self.isIdempotent = isIdempotent
        self.exampleParameters = parameters
        self.example = result
    }

    public var parameterSchema: ObjectSchema {
        // The compiler cannot know that parameters are described as an object; a test does.
        if case .object(let object) = Parameters.schema { object } else { ObjectSchema(about, []) }
    }

    public var resultSchema: Schema { Result.schema }
}
