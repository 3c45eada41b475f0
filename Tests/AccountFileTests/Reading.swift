// SPDX-License-Identifier: Apache-2.0

import AccountFile
import Secrets

/// What was read of a file, as a test tells it: accounts and rejected rows, one a line.
struct Reading {
    var head: String
    var columns: String
    var rows: [String] = []

    init(_ octets: [UInt8], encoding: String? = nil) throws {
        var file = try octets.withUnsafeBytes { try AccountFile($0, encoding: encoding) }
        head = "\(file.encoding) \(file.separator.rawValue)"
        columns = file.columns.map { "\($0.name): \($0.meaning?.rawValue ?? "-")" }.joined(separator: "; ")
        while let entry = try file.next() {
            switch entry {
            case .row(let row): rows.append(Self.line(row))
            case .rejected(let row): rows.append("\(row.line) \(row.address) \(Self.name(row.fault))")
            }
        }
    }

    init(_ text: String, encoding: String? = nil) throws { try self.init(Array(text.utf8), encoding: encoding) }

    private static func line(_ row: AccountFile.Row) -> String {
        var parts = ["\(row.line) \(row.address)"]
        if let password = row.password {
            parts.append("password=" + password.withOctets { String(decoding: $0, as: UTF8.self) })
        }
        if let hash = row.passwordHash { parts.append("hash=\(hash)") }
        if let name = row.displayName { parts.append("name=\(name)") }
        if let quota = row.quotaOctets { parts.append("quota=\(quota)") }
        return parts.joined(separator: " ").replacing("\r\n", with: "⏎").replacing("\r", with: "⏎").replacing(
            "\n", with: "⏎")
    }

    private static func name(_ fault: RowFault) -> String {
        if case .invalidAddress = fault { "invalidAddress" } else { "\(fault)" }
    }

    var text: String { ([head, columns] + rows).joined(separator: "\n") + "\n" }
}
