// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore
import Vocabulary

/// Up to where a folder's mail is known: what arrives later has this UID, or a higher one, for as long as UIDVALIDITY
/// stays the same (RFC 3501 §2.3.1.1).
struct Watermark: Hashable, Sendable {
    var validity: UInt32
    var next: UInt32

    init(validity: UInt32, next: UInt32) { (self.validity, self.next) = (validity, next) }

    /// As it is noted; nil where it is none.
    init?(_ note: String) {
        let numbers = note.split(separator: " ").compactMap { UInt32($0) }
        guard numbers.count == 2 else { return nil }
        self.init(validity: numbers[0], next: numbers[1])
    }

    var note: String { "\(validity) \(next)" }
}

/// The content of a ``StagedBatch`` of this store: fields ended by NUL.
///
/// `imap1`, the account, the folder with `/` between levels, UIDVALIDITY and UIDNEXT (0 and 0 before ``Watermark`` is
/// known), when it was prepared (milliseconds since 1970, or 0); then for each message its handle, the hash of its
/// content, and its octets on the wire.
struct IMAPBatch: Hashable, Sendable {
    struct Message: Hashable, Sendable {
        var handle: String
        var content: ContentHash
        var octets: Int
    }

    static let form = "imap1"
    /// What is appended at once: at 600 messages a second, and at a slow line, well within the five seconds allowed for a
    /// stop; and what is read into memory for it.
    static let mostMessages = 256
    static let mostOctets = 1 << 20

    var account: EmailAddress
    var folder: [String]
    var watermark: Watermark?
    var preparedAt: Timestamp?
    var messages: [Message]

    init(account: EmailAddress, folder: [String], messages: [Message]) {
        (self.account, self.folder, self.messages) = (account, folder, messages)
    }

    /// nil if it belongs to another store.
    init?(_ batch: StagedBatch) { self.init(encoded: batch.encoded) }

    /// nil where the octets are no batch.
    init?(encoded: [UInt8]) {
        guard encoded.starts(with: Array(Self.form.utf8) + [0]), encoded.last == 0 else { return nil }
        let fields = encoded.dropLast().split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 6, (fields.count - 6).isMultiple(of: 3), let account = try? EmailAddress(fields[1]),
            let validity = UInt32(fields[3]), let next = UInt32(fields[4]), let prepared = Int64(fields[5])
        else { return nil }
        var messages: [Message] = []
        for start in stride(from: 6, to: fields.count, by: 3) {
            guard let content = UInt64(fields[start + 1], radix: 16), let octets = Int(fields[start + 2]) else {
                return nil
            }
            messages.append(
                Message(
                    handle: fields[start], content: ContentHash(value: Int64(bitPattern: content)), octets: octets))
        }
        self.init(
            account: account, folder: fields[2].split(separator: "/").map(String.init), messages: messages)
        if next > 0 { watermark = Watermark(validity: validity, next: next) }
        if prepared > 0 { preparedAt = Timestamp(milliseconds: prepared) }
    }

    /// The form in which it is passed outside.
    var staged: StagedBatch {
        var encoded: [UInt8] = []
        func add(_ field: String) {
            encoded += field.utf8
            encoded.append(0)
        }
        for field in [Self.form, account.description, folder.joined(separator: "/")] { add(field) }
        add(String(watermark?.validity ?? 0))
        add(String(watermark?.next ?? 0))
        add(String(preparedAt?.milliseconds ?? 0))
        for message in messages {
            add(message.handle)
            add(String(UInt64(bitPattern: message.content.value), radix: 16))
            add(String(message.octets))
        }
        return StagedBatch(encoded: encoded, lane: Self.lane(of: account), count: messages.count, octets: octets)
    }

    /// A mailbox that is slow, full or busy holds up no other.
    static func lane(of account: EmailAddress) -> StoreLane { StoreLane("\(form) \(account)") }

    var octets: Int { messages.reduce(0) { $0 + $1.octets } }

    /// Appends `next` if that is for the same folder, neither is prepared, and the whole is not too much for one APPEND;
    /// without decoding them, for all that is delivered passes here.
    static func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool {
        guard batch.count + next.count <= mostMessages, batch.octets + next.octets <= mostOctets,
            let end = unpreparedStart(batch.encoded), let start = unpreparedStart(next.encoded),
            batch.encoded[..<end] == next.encoded[..<start]
        else { return false }
        batch.encoded += next.encoded[start...]
        batch.count += next.count
        batch.octets += next.octets
        return true
    }

    /// Where the messages begin in a batch that is not prepared.
    private static func unpreparedStart(_ encoded: [UInt8]) -> Int? {
        var fields = 0
        for (index, octet) in encoded.enumerated() where octet == 0 {
            fields += 1
            guard fields == 6 else { continue }
            // The end of the folder, and three times 0.
            return encoded[...index].suffix(7) == [0, 48, 0, 48, 0, 48, 0] ? index + 1 : nil
        }
        return nil
    }
}
