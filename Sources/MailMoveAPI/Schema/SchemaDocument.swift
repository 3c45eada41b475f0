// SPDX-License-Identifier: Apache-2.0

import JSONWire

/// Schemas as JSON Schema (draft 7, which OpenRPC 1.x uses), with named objects described once.
struct SchemaDocument {
    /// The named objects met so far.
    private(set) var components: JSONObject = [:]

    /// `schema`, as a reference where it is a named object.
    mutating func reference(to schema: Schema) -> JSONValue {
        guard case .object(let object) = schema, let name = object.name else { return description(of: schema) }
        if components[name] == nil {
            components[name] = .null  // so that one that holds itself would end
            components[name] = description(of: object)
        }
        return ["$ref": .string("#/components/schemas/\(name)")]
    }

    /// `schema` for a member: with what it means there, and null where that leaves it out.
    mutating func reference(to member: Member) -> JSONValue {
        let schema: JSONValue
        var fallback: JSONValue?
        if case .optional(let value) = member.presence {
            schema = reference(to: .orNull(member.schema))
            fallback = value
        } else {
            schema = reference(to: member.schema)
        }
        guard case .object(var parts) = schema else { return schema }
        // Beside a `$ref` nothing counts in draft 7.
        if parts["$ref"] != nil { parts = ["allOf": [schema]] }
        parts["description"] = .string(member.about)
        if let fallback { parts["default"] = fallback }
        return .object(parts)
    }

    private mutating func description(of schema: Schema) -> JSONValue {
        switch schema {
        case .boolean: return ["type": "boolean"]
        case .integer(let range):
            var parts: JSONObject = ["type": "integer", "minimum": .integer(Int64(range.lowerBound))]
            if range.upperBound != .max { parts["maximum"] = .integer(Int64(range.upperBound)) }
            return .object(parts)
        case .number: return ["type": "number", "minimum": 0]
        case .string(let form):
            var parts: JSONObject = ["type": "string"]
            if let format = form.format { parts["format"] = .string(format) }
            if let length = form.minimumLength { parts["minLength"] = .integer(Int64(length)) }
            if let length = form.maximumLength { parts["maxLength"] = .integer(Int64(length)) }
            if form.isSecret { parts["writeOnly"] = true }
            return .object(parts)
        case .choice(let words): return ["type": "string", "enum": .array(words.map { .string($0) })]
        case .array(let element), .rows(let element): return ["type": "array", "items": reference(to: element)]
        case .object(let object): return description(of: object)
        case .map(let element): return ["type": "object", "additionalProperties": reference(to: element)]
        case .either(let schemas): return ["oneOf": .array(schemas.map { reference(to: $0) })]
        case .orNull(let schema): return orNull(schema)
        case .anything: return [:]
        case .anyObject(let about): return ["type": "object", "description": .string(about)]
        }
    }

    private mutating func orNull(_ schema: Schema) -> JSONValue {
        let inner = reference(to: schema)
        guard case .object(var parts) = inner, case .string(let type)? = parts["type"] else {
            return ["oneOf": [inner, ["type": "null"]]]
        }
        parts["type"] = [.string(type), "null"]
        if case .array(let words)? = parts["enum"] { parts["enum"] = .array(words + [.null]) }
        return .object(parts)
    }

    private mutating func description(of object: ObjectSchema) -> JSONValue {
        var properties = JSONObject()
        for member in object.members { properties[member.name] = reference(to: member) }
        var parts: JSONObject = [
            "type": "object", "description": .string(object.about), "properties": .object(properties),
        ]
        let required = object.members.filter(\.isRequired)
        if !required.isEmpty { parts["required"] = .array(required.map { .string($0.name) }) }
        parts["additionalProperties"] = false
        return .object(parts)
    }
}
