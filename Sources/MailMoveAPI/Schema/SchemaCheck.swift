// SPDX-License-Identifier: Apache-2.0

public import JSONWire

extension Schema {
    /// The first thing wrong with `value`, as a reader of the text meets it; nil where all is right.
    public func violation(in value: JSONView) -> Violation? {
        switch self {
        case .boolean: value.kind == .bool ? nil : Violation(nil, "must be \(expectation)")
        case .integer(let range): Self.violation(in: value, of: range) ? Violation(nil, "must be \(expectation)") : nil
        case .number: (value.double ?? -1) >= 0 ? nil : Violation(nil, "must be \(expectation)")
        case .string(let form): form.violation(in: value)
        case .choice(let words):
            words.contains { value.isString($0) } ? nil : Violation(nil, "must be \(expectation)")
        case .array(let element): Self.violation(in: value, ofElements: element, expectation)
        case .rows: value.kind == .array ? nil : Violation(nil, "must be \(expectation)")
        case .object(let object): object.violation(in: value)
        case .map(let element): Self.violation(in: value, ofValues: element, expectation)
        case .either(let schemas):
            schemas.contains { $0.violation(in: value) == nil } ? nil : Violation(nil, "must be \(expectation)")
        case .orNull(let schema): value.isNull ? nil : schema.violation(in: value)
        case .anything: nil
        case .anyObject: value.kind == .object ? nil : Violation(nil, "must be \(expectation)")
        }
    }

    /// Completes "must be …", for people.
    var expectation: String {
        switch self {
        case .boolean: "true or false"
        case .integer(let range):
            range.upperBound == .max
                ? "an integer from \(range.lowerBound) up"
                : "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number: "a number from 0 up"
        case .string(let form): form.expectation
        case .choice(let words): "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
        case .array, .rows: "an array"
        case .object, .anyObject, .map: "an object"
        case .anything: "anything"
        case .either(let schemas): schemas.map(\.expectation).joined(separator: ", or ")
        case .orNull(let schema): schema.expectation + ", or null"
        }
    }

    private static func violation(in value: JSONView, of range: ClosedRange<Int>) -> Bool {
        guard let integer = value.integer.flatMap(Int.init(exactly:)) else { return true }
        return !range.contains(integer)
    }

    private static func violation(
        in value: JSONView, ofElements element: Schema, _ expectation: String
    ) -> Violation? {
        guard value.kind == .array else { return Violation(nil, "must be \(expectation)") }
        for (index, item) in value.elements.enumerated() {
            if let violation = element.violation(in: item) { return violation.within(index) }
        }
        return nil
    }

    private static func violation(in value: JSONView, ofValues form: Schema, _ expectation: String) -> Violation? {
        guard value.kind == .object else { return Violation(nil, "must be \(expectation)") }
        for member in value.members {
            if let violation = form.violation(in: member.value) { return violation.within(member.name) }
        }
        return nil
    }
}

extension ObjectSchema {
    /// The first thing wrong with `value`, as a reader of the text meets it; nil where all is right.
    public func violation(in value: JSONView) -> Violation? {
        guard value.kind == .object else { return Violation(nil, "must be an object") }
        var found: UInt64 = 0
        for given in value.members {
            let name = given.name
            guard let index = members.firstIndex(where: { $0.name == name }) else {
                return Violation(name, "is not a parameter here\(alternatives)")
            }
            found |= 1 << UInt64(index)
            let member = members[index]
            // For optional parameters null is a way to leave them out.
            if case .optional = member.presence, given.value.isNull { continue }
            if let violation = member.schema.violation(in: given.value) { return violation.within(name) }
        }
        for (index, member) in members.enumerated() where member.isRequired && found & 1 << UInt64(index) == 0 {
            return Violation(member.name, "is missing: \(member.about)")
        }
        return nil
    }

    private var alternatives: String {
        members.isEmpty ? ": there are none" : "; known are " + members.map(\.name).joined(separator: ", ")
    }
}

extension TextForm {
    func violation(in value: JSONView) -> Violation? {
        guard value.kind == .string else { return Violation(nil, "must be \(expectation)") }
        guard minimumLength != nil || maximumLength != nil || objection != nil else { return nil }
        guard let text = value.string else { return Violation(nil, "must be \(expectation)") }
        if text.utf8.count < minimumLength ?? 0 { return Violation(nil, "must be \(expectation); it is empty") }
        if text.utf8.count > maximumLength ?? .max { return Violation(nil, "must be \(expectation); it is too long") }
        guard let objection = objection?(text) else { return nil }
        // Quoted with escapes: it may hold anything, and goes into terminals and logs.
        return Violation(nil, "must be \(expectation); \(objection): \(String(text.prefix(80)).debugDescription)")
    }
}
