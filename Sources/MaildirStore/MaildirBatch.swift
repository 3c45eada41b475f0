// SPDX-License-Identifier: Apache-2.0

import MailStore

/// One mailbox folder on one file system, recognised again after a restart.
struct MailboxPlace: Hashable, Sendable {
    /// The Maildir (the folder that holds `tmp`, `new`, `cur`).
    var path: String
    /// Device and inode of the folder in which messages are staged.
    var device: UInt64
    var inode: UInt64

    init(path: String, device: UInt64, inode: UInt64) {
        self.path = path
        self.device = device
        self.inode = inode
    }

    /// Decodes the place of a batch, without its names; nil if the octets are no batch.
    init?(encoded: [UInt8]) {
        let fields = encoded.split(separator: 0, maxSplits: 5, omittingEmptySubsequences: false).prefix(5)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count == 5, fields[0] == "1" || fields[0] == "2", let device = UInt64(fields[2]),
            let inode = UInt64(fields[3])
        else { return nil }
        self.init(path: fields[1], device: device, inode: inode)
    }
}

/// The content of a ``StagedBatch`` of this store: fields ended by NUL, which occurs in no path and no file name.
///
/// | form | fields |
/// | --- | --- |
/// | `1` | path, device, inode, `S` where all arrive as seen (else `-`), names |
/// | `2` | the same, and before the names two that were not the store's own; no longer written |
///
/// A name that holds a colon ends in the flags that the message arrives with.
struct MaildirBatch: Hashable, Sendable {
    var place: MailboxPlace
    /// The names of the messages, in the order in which they become visible.
    var names: [String]
    /// Whether messages without flags of their own arrive as seen.
    var seen: Bool

    init(place: MailboxPlace, names: [String], seen: Bool) {
        self.place = place
        self.names = names
        self.seen = seen
    }

    /// nil where the octets are no batch.
    init?(encoded: [UInt8]) {
        guard let place = MailboxPlace(encoded: encoded) else { return nil }
        let fields = encoded.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        let first = encoded.first == UInt8(ascii: "2") ? 7 : 5
        guard fields.count >= first else { return nil }
        self.init(
            place: place, names: fields[first...].map { String(decoding: $0, as: UTF8.self) },
            seen: fields[4].elementsEqual("S".utf8))
    }

    /// nil if it belongs to another store.
    init?(_ batch: StagedBatch) { self.init(encoded: batch.encoded) }

    /// The form in which it is passed outside.
    func staged(by run: StagedRun? = nil) -> StagedBatch {
        var encoded: [UInt8] = []
        for field in ["1", place.path, String(place.device), String(place.inode), seen ? "S" : "-"] + names {
            encoded += field.utf8
            encoded.append(0)
        }
        return StagedBatch(
            encoded: encoded, lane: StoreLane(String(place.device)), count: names.count, run: run)
    }

    /// Appends `next` if its place and way are the same, without decoding large batches.
    static func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool {
        guard let end = namesStart(batch.encoded), let start = namesStart(next.encoded),
            batch.encoded[..<end] == next.encoded[..<start]
        else { return false }
        batch.encoded += next.encoded[start...]
        batch.count += next.count
        batch.run = next.run
        return true
    }

    /// Where the names begin in a batch of the current form.
    private static func namesStart(_ encoded: [UInt8]) -> Int? {
        guard encoded.starts(with: [UInt8(ascii: "1"), 0]) else { return nil }
        var fields = 0
        for (index, octet) in encoded.enumerated() where octet == 0 {
            fields += 1
            if fields == 5 { return index + 1 }
        }
        return nil
    }
}
