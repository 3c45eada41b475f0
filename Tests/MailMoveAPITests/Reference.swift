// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Vocabulary

/// The reference of `clients/README.md`, made of what `rpc.discover` answers on the admin socket.
struct Reference {
    private let document: JSONValue

    init() throws { document = try OpenRPC.document(for: .admin) }

    /// All that stands below the page's mark, as Markdown.
    var text: String {
        [methods, notifications, types, statuses, errors].joined(separator: "\n")
    }

    // MARK: Sections

    private var methods: String {
        var lines = ["## Methods", ""]
        for method in Contract.methods {
            let described = elements("methods").first { $0["name"]?.string == method.name } ?? .null
            lines += ["### \(method.name)", "", "*\(method.role.rawValue)* · \(method.about)", ""]
            lines += table(of: described["params"]?.array ?? [], "parameter")
            lines += ["Result: \(form(described["result"]?["schema"])).", ""]
            let reasons = method.reasons.map { "`\($0.rawValue)`" }.joined(separator: " · ")
            if !reasons.isEmpty { lines += ["Errors: \(reasons).", ""] }
        }
        return lines.joined(separator: "\n")
    }

    private var notifications: String {
        var lines = ["## Notifications", ""]
        for notification in elements("x-notifications") {
            lines.append(
                "`\(notification["name"]?.string ?? "")` with \(form(notification["params"])): "
                    + (notification["summary"]?.string ?? ""))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var types: String {
        var lines = ["## Types", ""]
        let schemas = document["components"]?["schemas"]?.object?.members ?? []
        for schema in schemas.sorted(by: { $0.name < $1.name }) {
            lines += ["### \(schema.name)", "", schema.value["description"]?.string ?? "", ""]
            let required = Set((schema.value["required"]?.array ?? []).compactMap(\.string))
            lines += table(
                of: (schema.value["properties"]?.object?.members ?? []).map { member in
                    [
                        "name": .string(member.name), "description": member.value["description"] ?? "",
                        "required": .bool(required.contains(member.name)), "schema": member.value,
                    ]
                }, "member")
        }
        return lines.joined(separator: "\n")
    }

    private var statuses: String {
        let rows = MigrationStatus.allCases.map { "| `\($0.rawValue)` | \($0.text.en) | \($0.text.zhCN) |" }
        return (["## Statuses", "", "| status | English | 中文 |", "| --- | --- | --- |"] + rows)
            .joined(separator: "\n") + "\n"
    }

    private var errors: String {
        let rows = Reason.allCases.map { reason in
            "| \(reason.code.map { "\($0)" } ?? "–") | `\(reason.rawValue)` | \(reason.isRetryable ? "yes" : "no") "
                + "| \(reason.text.en) |"
        }
        let everywhere = Contract.everywhere.map { "`\($0.rawValue)`" }.joined(separator: " · ")
        return
            ([
                "## Errors", "",
                "Besides the specification's own. Any method may give \(everywhere). `-32602` names the parameter that is "
                    + "wrong in `error.data.parameter`.", "", "| code | reason | may succeed later | for the user |",
                "| --- | --- | --- | --- |",
            ] + rows).joined(separator: "\n") + "\n"
    }

    // MARK: Pieces

    private func elements(_ name: String) -> [JSONValue] { document[name]?.array ?? [] }

    private func table(of members: [JSONValue], _ title: String) -> [String] {
        guard !members.isEmpty else { return [] }
        let rows = members.map { member in
            let schema = member["schema"]
            let isRequired = member["required"]?.bool == true
            let name = "`\(member["name"]?.string ?? "")\(isRequired ? "" : "?")`"
            let fallback = schema?["default"].map { " (default \(literal($0)))" } ?? ""
            return "| \(name) | \(form(schema, isOptional: !isRequired))\(fallback) | "
                + "\(member["description"]?.string ?? "") |"
        }
        return ["| \(title) | form | |", "| --- | --- | --- |"] + rows + [""]
    }

    private func literal(_ value: JSONValue) -> String {
        "`\((try? String(decoding: JSONText.encode(value), as: UTF8.self)) ?? "")`"
    }

    /// A schema in a few words. Of an optional one, `null` goes without saying.
    private func form(_ schema: JSONValue?, isOptional: Bool = false) -> String {
        guard let schema else { return "" }
        if let reference = schema["$ref"]?.string, let name = reference.split(separator: "/").last {
            return "[\(name)](#\(name.lowercased()))"
        }
        if let all = schema["allOf"]?.array { return form(all.first, isOptional: isOptional) }
        if let either = schema["oneOf"]?.array {
            return either.filter { !isOptional || $0["type"]?.string != "null" }.map { form($0) }
                .joined(separator: " or ")
        }
        if let words = schema["enum"]?.array {
            return words.filter { !isOptional || $0 != .null }.map(literal).joined(separator: " · ")
        }
        let types = schema["type"]?.array?.compactMap(\.string) ?? [schema["type"]?.string].compactMap { $0 }
        let named = types.filter { $0 != "null" }.map { type in
            switch type {
            case "array": "list of \(form(schema["items"]))"
            case "integer": range(schema)
            case "string": schema["format"]?.string.map(Self.nameOfFormat) ?? "text"
            default: type
            }
        }
        guard !types.isEmpty else { return "anything" }
        return (named + (types.contains("null") && !isOptional ? ["`null`"] : [])).joined(separator: " or ")
    }

    private func range(_ schema: JSONValue) -> String {
        switch (schema["minimum"]?.integer, schema["maximum"]?.integer) {
        case (let least?, let most?): "\(least) to \(most)"
        case (0?, nil): "whole number"
        case (let least?, nil): "whole number from \(least)"
        default: "whole number"
        }
    }

    private static func nameOfFormat(_ format: String) -> String {
        switch format {
        case "idn-email": "address"
        case "idn-hostname": "domain"
        case "date-time": "time"
        default: format
        }
    }
}
