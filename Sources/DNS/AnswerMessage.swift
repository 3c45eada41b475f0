// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// The types of records that are asked for (RFC 1035 §3.2.2, RFC 3596, RFC 2782).
enum RecordType: UInt16, Sendable {
    case a = 1
    case cname = 5
    case mx = 15
    case txt = 16
    case aaaa = 28
    case srv = 33
}

/// What a record says.
enum RecordData: Sendable, Hashable {
    case address(IPAddress)
    case alias(String)
    case mailExchanger(MailExchanger)
    case service(ServiceRecord)
    /// Its strings, concatenated (RFC 7208 §3.3).
    case text([UInt8])
}

/// The answer section of a DNS message (RFC 1035 §4).
///
/// A message is at most 64 KiB, which limits what is kept of it. The work is limited too: a name follows at most as
/// many pointers as it may have labels, and at most ``mostRecords`` records are read.
struct AnswerMessage {
    struct Malformed: Error {}

    static let mostRecords = 512
    static let mostAliases = 16

    private struct Record {
        var owner: String
        var data: RecordData
        var type: RecordType
    }

    private var question = ""
    private var records: [Record] = []

    /// - Throws: ``Malformed`` unless the octets are a complete message that answers one question.
    init(_ octets: [UInt8]) throws(Malformed) {
        var reader = Reader(octets)
        try reader.skip(4)
        let questions = try reader.integer()
        let answers = try reader.integer()
        try reader.skip(4)
        guard questions == 1 else { throw Malformed() }
        question = try reader.name()
        try reader.skip(4)
        for _ in 0..<min(Int(answers), Self.mostRecords) {
            if let record = try Self.record(&reader) { records.append(record) }
        }
    }

    /// The records of this type that answer the question, at the end of its aliases.
    func answer(_ type: RecordType) -> (data: [RecordData], aliases: [String]) {
        var owner = question
        var aliases: [String] = []
        while aliases.count < Self.mostAliases, case .alias(let target)? = first(.cname, of: owner) {
            aliases.append(target)
            owner = target
        }
        return (records.filter { $0.type == type && $0.owner == owner }.map(\.data), aliases)
    }

    private func first(_ type: RecordType, of owner: String) -> RecordData? {
        records.first { $0.type == type && $0.owner == owner }?.data
    }

    /// nil for a record of another class or type.
    private static func record(_ reader: inout Reader) throws(Malformed) -> Record? {
        let owner = try reader.name()
        let type = RecordType(rawValue: try reader.integer())
        let recordClass = try reader.integer()
        try reader.skip(4)  // for how long it may be kept
        let length = Int(try reader.integer())
        let end = reader.position + length
        guard end <= reader.octets.count else { throw Malformed() }
        defer { reader.position = end }
        guard let type, recordClass == 1 else { return nil }
        let data: RecordData
        switch type {
        case .a, .aaaa:
            let address = IPAddress(octets: Array(reader.octets[reader.position..<end]))
            guard length == (type == .a ? 4 : 16), let address else { throw Malformed() }
            data = .address(address)
        case .cname: data = .alias(try reader.name())
        case .mx:
            let preference = Int(try reader.integer())
            data = .mailExchanger(MailExchanger(preference: preference, host: try reader.name()))
        case .srv:
            let (priority, weight) = (Int(try reader.integer()), Int(try reader.integer()))
            let port = Int(try reader.integer())
            data = .service(ServiceRecord(priority: priority, weight: weight, port: port, host: try reader.name()))
        case .txt: data = .text(try reader.strings(to: end))
        }
        // A name that extends beyond its record is invalid.
        let isName = type == .cname || type == .mx || type == .srv
        guard !isName || reader.position == end else { throw Malformed() }
        return Record(owner: owner, data: data, type: type)
    }
}

/// Reads a message from its beginning; nothing is read beyond its end.
private struct Reader {
    let octets: [UInt8]
    var position = 0

    init(_ octets: [UInt8]) { self.octets = octets }

    mutating func skip(_ count: Int) throws(AnswerMessage.Malformed) {
        position += count
        guard position <= octets.count else { throw AnswerMessage.Malformed() }
    }

    mutating func integer() throws(AnswerMessage.Malformed) -> UInt16 {
        let start = position
        try skip(2)
        return UInt16(octets[start]) << 8 | UInt16(octets[start + 1])
    }

    /// A name (RFC 1035 §4.1.4), as ``DomainNameText`` writes it.
    mutating func name() throws(AnswerMessage.Malformed) -> String {
        var labels: [ArraySlice<UInt8>] = []
        var place = position
        var after: Int?
        var total = 1
        var jumps = 0
        while true {
            guard place < octets.count else { throw AnswerMessage.Malformed() }
            let length = Int(octets[place])
            switch length >> 6 {
            case 0b00:
                let end = place + 1 + length
                total += length + 1
                guard end <= octets.count, total <= 256 else { throw AnswerMessage.Malformed() }
                if length == 0 {
                    position = after ?? end
                    return DomainNameText.text(of: labels)
                }
                labels.append(octets[(place + 1)..<end])
                place = end
            case 0b11:
                guard place + 1 < octets.count else { throw AnswerMessage.Malformed() }
                let target = (length & 0x3F) << 8 | Int(octets[place + 1])
                jumps += 1
                // Pointers only go back, so that no name is circular.
                guard target < place, jumps <= 127 else { throw AnswerMessage.Malformed() }
                after = after ?? place + 2
                place = target
            default: throw AnswerMessage.Malformed()
            }
        }
    }

    /// The character strings up to `end`, concatenated.
    mutating func strings(to end: Int) throws(AnswerMessage.Malformed) -> [UInt8] {
        var text: [UInt8] = []
        while position < end {
            let length = Int(octets[position])
            let next = position + 1 + length
            guard next <= end else { throw AnswerMessage.Malformed() }
            text += octets[(position + 1)..<next]
            position = next
        }
        return text
    }
}

/// Names of the DNS as text: printable ASCII in lower case, without the last dot; the root is `.`.
public enum DomainNameText {
    /// Anything but letters, digits, hyphens and underscores is escaped as in zone files (RFC 1035 §5.1).
    static func text(of labels: [ArraySlice<UInt8>]) -> String {
        if labels.isEmpty { return "." }
        return labels.map { label in
            label.reduce(into: "") { text, octet in
                switch octet {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): text.unicodeScalars.append(Unicode.Scalar(octet | 0x20))
                case _ where isPlain(octet): text.unicodeScalars.append(Unicode.Scalar(octet))
                default:
                    let digits = String(octet)
                    text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
                }
            }
        }.joined(separator: ".")
    }

    /// Whether a name can be queried as it is, and might be a host's.
    public static func isPlain(_ name: String) -> Bool {
        name.utf8.count <= 253
            && name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.count) && label.allSatisfy(isPlain)
            }
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
