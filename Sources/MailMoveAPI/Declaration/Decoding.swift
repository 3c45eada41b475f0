// SPDX-License-Identifier: Apache-2.0

public import JSONWire

extension MethodDeclaration {
    public func parameters(from params: JSONView?) throws(Violation) -> Parameters {
        guard let params, !Self.isEmptyArray(params) else { return try decode(Self.noMembers) }
        guard params.kind == .object else { throw Violation(nil, "must be an object: parameters go by name") }
        return try decode(params)
    }

    private static func isEmptyArray(_ params: JSONView) -> Bool {
        params.kind == .array && params.elements.first { _ in true } == nil
    }

    /// `{}`
    private static var noMembers: JSONView {
        get throws(Violation) {
            do {
                return try JSONDocument(Array("{}".utf8)).root
            } catch {
                throw Violation(nil, error.detail)
            }
        }
    }

    private func decode(_ params: JSONView) throws(Violation) -> Parameters {
        if let violation = parameterSchema.violation(in: params) { throw violation }
        let parameters: Parameters
        do {
            parameters = try Parameters.read(params)
        } catch {
            throw Violation(error.path.isEmpty ? nil : error.path, error.detail)
        }
        if let violation = parameters.violation { throw violation }
        return parameters
    }

    /// The example's result as JSON.
    public func exampleResult() throws -> JSONValue {
        try JSONDocument(JSONText.encode(example)).root.decode()
    }
}
