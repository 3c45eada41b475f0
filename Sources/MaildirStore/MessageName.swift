// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vocabulary

/// Message names: `1790000000.M00000042P5f0c…Q1a2b3c4d.mailmove,S=4711,W=4790`.
///
/// The run's start in seconds and the message's number in it come first, because Dovecot numbers new mail by the
/// leading digits, then by those after `M` (which it reads as an `int`, hence at most 9 of them). `P` is random for
/// each run, `Q` identifies the account. In `tmp/` the name ends before the comma, since the size is not known when the
/// file is created; `S` (octets) and `W` (octets with CR LF line ends) save Dovecot from reading the file.
struct MessageName: Sendable {
    private let prefix: String
    private let suffix: String
    private var number = 0
    /// The random number after `P` in the names of the run.
    let run: Int64

    /// Names for the messages of one run, `tag` being the account's.
    init(tag: String) {
        prefix = "\(time(nil)).M"
        let run = UInt64.random(in: 0...UInt64.max)
        self.run = Int64(bitPattern: run)
        suffix = "P\(Self.hexadecimal(run, digits: 16))\(Self.ending(tag: tag))"
    }

    /// The name in `tmp/` of the next message.
    mutating func next() -> String {
        number += 1
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + suffix
    }

    /// The name under which the message `temporary` becomes visible, and by which it is known from then on.
    static func full(_ temporary: String, octets: Int, lineEnds: Int) -> String {
        "\(temporary),S=\(octets),W=\(octets + lineEnds)"
    }

    /// `name` with these flags in Maildir form, and with the letters of keywords; unchanged if there are none.
    static func flagged(_ name: String, _ flags: MessageFlags, _ keywords: String = "") -> String {
        let letters: [(MessageFlags, String)] = [
            (.draft, "D"), (.flagged, "F"), (.answered, "R"), (.seen, "S"), (.deleted, "T"),
        ]
        let info = letters.filter { flags.contains($0.0) }.map(\.1).joined() + keywords
        return info.isEmpty ? name : "\(name):2,\(info)"
    }

    /// The name in `tmp/` of the message known as `name`, or the part of a name in `new/` or `cur/` that mail
    /// programs leave alone.
    static func temporary(_ name: String) -> String {
        let end = name.utf8.firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":") }
        return end.map { String(name[..<$0]) } ?? name
    }

    /// The size that `name` states.
    static func octets(_ name: String) -> Int? {
        for part in name.split(separator: ",").dropFirst() where part.hasPrefix("S=") { return Int(part.dropFirst(2)) }
        return nil
    }

    /// Whether a file in `tmp/` belongs to the account of `tag`.
    static func isOurs(_ name: String, tag: String) -> Bool {
        name.hasSuffix(ending(tag: tag)) && name.utf8.first.map { (48...57).contains($0) } == true
            && name.contains(".M")
    }

    /// The run that a name of ours states, and the message's number in it.
    static func run(_ name: String) -> (run: Int64, number: Int64)? {
        // By octets: this is asked of every message.
        var rest = name.utf8[...]
        repeat {
            guard let dot = rest.firstIndex(of: UInt8(ascii: ".")) else { return nil }
            rest = rest[rest.index(after: dot)...]
        } while rest.first != UInt8(ascii: "M")
        let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        rest = rest[digits.endIndex...]
        guard let number = Int64(Substring(digits)), rest.first == UInt8(ascii: "P"),
            let run = UInt64(Substring(rest.dropFirst().prefix(16)), radix: 16)
        else { return nil }
        return (Int64(bitPattern: run), number)
    }

    private static func ending(tag: String) -> String { "Q\(tag).mailmove" }

    static func hexadecimal(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
