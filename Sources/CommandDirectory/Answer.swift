// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import ChildPrograms
import JSONWire
import Vocabulary

/// What a program says. Of a member that is not as it should be only the name is ever told.
struct Answer {
    private let view: JSONView
    private let program: String

    init(_ line: [UInt8], from program: String) throws(ChildProgram.Failure) {
        self.program = program
        do {
            view = try JSONDocument(line).root
        } catch {
            throw ChildProgram.Failure("\(program) does not answer with a JSON object")
        }
        guard view.kind == .object else {
            throw ChildProgram.Failure("\(program) does not answer with a JSON object")
        }
    }

    private init(_ view: JSONView, _ program: String) {
        self.view = view
        self.program = program
    }

    func senseless(_ name: String) -> DirectoryError {
        DirectoryError("\(program) answers with a \(name) that is missing or makes no sense")
    }

    private func member(_ name: String) -> JSONView? {
        view[name].flatMap { $0.isNull ? nil : $0 }
    }

    func truth(_ name: String) throws(DirectoryError) -> Bool {
        guard let value = try optionalTruth(name) else { throw senseless(name) }
        return value
    }

    func optionalTruth(_ name: String) throws(DirectoryError) -> Bool? {
        guard let member = member(name) else { return nil }
        guard let value = member.bool else { throw senseless(name) }
        return value
    }

    func text(_ name: String) throws(DirectoryError) -> String? {
        guard let member = member(name) else { return nil }
        guard let value = member.string else { throw senseless(name) }
        return value
    }

    func number(_ name: String) throws(DirectoryError) -> Int64? {
        guard let member = member(name) else { return nil }
        guard let value = member.integer else { throw senseless(name) }
        return value
    }

    /// RFC 3339, or seconds since 1970.
    func time(_ name: String) throws(DirectoryError) -> Timestamp? {
        guard let member = member(name) else { return nil }
        if let seconds = member.double, (0..<1e11).contains(seconds) {
            return Timestamp(milliseconds: Int64(seconds * 1000))
        }
        guard let time = member.string.flatMap({ Timestamp($0) }) else { throw senseless(name) }
        return time
    }

    func rows(_ name: String) throws(DirectoryError) -> [Answer] {
        guard let member = member(name), member.kind == .array else { throw senseless(name) }
        var rows: [Answer] = []
        for row in member.elements {
            guard row.kind == .object else { throw senseless(name) }
            rows.append(Answer(row, program))
        }
        return rows
    }
}
