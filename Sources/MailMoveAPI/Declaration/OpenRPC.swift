// SPDX-License-Identifier: Apache-2.0

public import JSONWire
import Vocabulary

/// The contract as an OpenRPC 1.x document (https://spec.open-rpc.org): what `rpc.discover` answers.
public enum OpenRPC {
    /// The document of the methods that a socket of `role` may call.
    public static func document(for role: Role) throws -> JSONValue { try documents(for: role).get().value }

    /// The same as JSON text, made once: it is 60 KB, and anyone on a socket may ask for it.
    public static func text(for role: Role) throws -> [UInt8] { try documents(for: role).get().text }

    private typealias Document = (value: JSONValue, text: [UInt8])

    private static func documents(for role: Role) -> Result<Document, any Error> {
        switch role {
        case .login: loginDocument
        case .admin: adminDocument
        }
    }

    private static let loginDocument = Result { try made(for: .login) }
    private static let adminDocument = Result { try made(for: .admin) }

    private static func made(for role: Role) throws -> Document {
        let value = try description(for: role)
        return (value, try JSONText.encode(value))
    }

    private static func description(for role: Role) throws -> JSONValue {
        var schemas = SchemaDocument()
        let methods = try Contract.methods.filter { $0.role <= role }.map { try description(of: $0, &schemas) }
        let notifications = notifications(for: role, &schemas)
        _ = schemas.reference(to: ErrorData.schema)
        return [
            "openrpc": "1.3.2",
            "info": [
                "title": "mailmove",
                "version": .string(Vocabulary.version),
                "description": """
                Moves the mailboxes of a mail domain from an old POP3 server to a new platform. \
                JSON-RPC 2.0 over a Unix socket, one JSON text a line. Times are RFC 3339 in UTC, sizes are octets, \
                durations are seconds unless the name says otherwise. Unknown parameters are refused; null for an \
                optional one means that it is left out.
                """,
                "license": ["name": "Apache-2.0"],
            ],
            "servers": .array(
                Role.allCases.filter { $0 <= role }.map {
                    ["name": .string($0.rawValue), "url": .string("unix:/run/mailmove/\($0.rawValue).sock")]
                }),
            "methods": .array(methods),
            "x-notifications": .array(notifications),
            "components": ["schemas": .object(schemas.components)],
        ]
    }

    private static func description(of method: any Method, _ schemas: inout SchemaDocument) throws -> JSONValue {
        let parameters = method.parameterSchema.members.map { member in
            [
                "name": .string(member.name), "description": .string(member.about),
                "required": .bool(member.isRequired), "schema": schemas.reference(to: member),
            ] as JSONValue
        }
        let reasons = method.reasons + Contract.everywhere.filter { $0 != .forbidden || method.role == .admin }
        return [
            "name": .string(method.name),
            "summary": .string(method.about),
            "tags": [["name": .string(method.role.rawValue)]],
            "paramStructure": "by-name",
            "params": .array(parameters),
            "result": ["name": "result", "schema": schemas.reference(to: method.resultSchema)],
            "errors": .array(reasons.compactMap(error)),
            "examples": [try example(of: method)],
        ]
    }

    private static func error(_ reason: Reason) -> JSONValue? {
        reason.code.map { code in
            [
                "code": .integer(Int64(code)), "message": .string(reason.text.en),
                "data": ["reason": .string(reason.rawValue), "retryable": .bool(reason.isRetryable)],
            ]
        }
    }

    private static func example(of method: any Method) throws -> JSONValue {
        var parameters: [JSONValue] = []
        for member in method.parameterSchema.members {
            guard let value = method.exampleParameters[member.name] else { continue }
            parameters.append(["name": .string(member.name), "value": value])
        }
        return [
            "name": .string(method.name), "params": .array(parameters),
            "result": ["name": "result", "value": try method.exampleResult()],
        ]
    }

    /// OpenRPC has no word for what a server says unasked.
    private static func notifications(for role: Role, _ schemas: inout SchemaDocument) -> [JSONValue] {
        let statusChanged: JSONValue = [
            "name": .string(Contract.statusChanged),
            "summary": "An account that watchStatus watches has changed; at most 5 a second per account.",
            "params": schemas.reference(to: Status.schema),
        ]
        guard role == .admin else { return [statusChanged] }
        let progress: JSONValue = [
            "name": .string(Contract.progress),
            "summary": "The figures of a domain that watchStatus watches are others; at most one a second.",
            "params": schemas.reference(to: DomainProgress.schema),
        ]
        return [statusChanged, progress]
    }
}
