// SPDX-License-Identifier: Apache-2.0

package import Vocabulary

/// The columns of a row, read in the order in which the statement names them. A value of an unexpected type is
/// ``Damage``, never a trap.
package protocol RowColumns {
    mutating func optionalInteger() throws -> Int64?
    mutating func optionalText() throws -> String?
    mutating func optionalOctets() throws -> [UInt8]?

    /// What is said of the column read last.
    func damage() -> Damage
}

extension RowColumns {
    private func sound<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw damage() }
        return value
    }

    package mutating func integer() throws -> Int64 { try sound(optionalInteger()) }

    package mutating func text() throws -> String { try sound(optionalText()) }

    package mutating func octets() throws -> [UInt8] { try sound(optionalOctets()) }

    package mutating func time() throws -> Timestamp { Timestamp(milliseconds: try integer()) }

    package mutating func optionalTime() throws -> Timestamp? {
        try optionalInteger().map { Timestamp(milliseconds: $0) }
    }

    package mutating func word<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws -> Word {
        try sound(Word(rawValue: text()))
    }

    package mutating func optionalWord<Word: RawRepresentable<String>>(_: Word.Type = Word.self) throws -> Word? {
        guard let text = try optionalText() else { return nil }
        return try sound(Word(rawValue: text))
    }

    /// Reads two columns: the key, and what was given in another spelling, the local part or the whole address.
    package mutating func address() throws -> EmailAddress {
        let key = try text()
        return try EmailAddress(kept: key, given: try optionalText())
    }

    /// The same; nil if the key is empty.
    package mutating func optionalAddress() throws -> EmailAddress? {
        let key = try text()
        let given = try optionalText()
        return key.isEmpty ? nil : try EmailAddress(kept: key, given: given)
    }
}
