// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@testable import MailMoveAPI

/// A result's texts for people are translated, and nothing else is.
@Suite struct LocalizedTests {
    @Test func textsAreReplacedAndNothingElse() throws {
        try check(ServerFindings.example, ["detail", "advice", "reason"])
        try check(DomainReport.example, ["text"])
        try check(IntegrityReport.example, ["text"])
        try check(CreatedAccounts.example, ["detail"])
        var log = StatusPage.example
        log.entries[0].error = StatusError(reason: .messagesRefused, detail: "two were refused", at: .example)
        try check(log, ["detail"])
        var events = EventPage.example
        events.events[0].detail = "from webmail"
        try check(events, ["detail"])
        try check(Migration.example, ["warnings", "detail"])
    }

    private func check<Result: LocalizedResult & Encodable>(_ result: Result, _ names: Set<String>) throws {
        var marked = result
        marked.translate { "«\($0)»" }
        let (before, after) = (try json(result), try json(marked))
        #expect(before != after, "\(Result.self) has no text in its example")
        #expect(unmarked(after, within: nil, names) == before, "\(Result.self)")
    }

    private func json(_ value: some Encodable) throws -> JSONValue {
        try JSONDocument(JSONText.encode(value)).root.decode()
    }

    /// The marks taken away, where they may stand.
    private func unmarked(_ value: JSONValue, within name: String?, _ names: Set<String>) -> JSONValue {
        if let object = value.object {
            var all = JSONObject()
            for member in object.members { all[member.name] = unmarked(member.value, within: member.name, names) }
            return .object(all)
        }
        if let array = value.array { return .array(array.map { unmarked($0, within: name, names) }) }
        guard let text = value.string, let name, names.contains(name), text.hasPrefix("«") else { return value }
        return .string(String(text.dropFirst().dropLast()))
    }
}
