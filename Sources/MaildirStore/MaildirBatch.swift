// SPDX-License-Identifier: Apache-2.0

import MailStore

/// One mailbox folder on one file system, recognised again after a restart.
struct MailboxPlace: Hashable, Sendable {
    /// The Maildir (the folder that holds `tmp`, `new`, `cur`).
    var path: String
    /// Device and inode of the folder in which messages are staged.
    var device: UInt64
    var inode: UInt64
}

/// What a ``StagedBatch`` of this store says: fields ended by NUL, which no path and no file name holds.
///
/// | form | fields |
/// | --- | --- |
/// | `1` | path, device, inode, `S` where all arrive as seen (else `-`), names |
/// | `2` | the same, and before the names two that were not the store's own; no longer written |
///
/// A name that holds a colon ends in the flags that the message arrives with.
struct MaildirBatch: Hashable, Sendable {
    var place: MailboxPlace
    /// Names as messages are known by, in the order in which they become visible.
    var names: [String]
    /// Whether those without flags of their own arrive as seen.
    var seen: Bool

    init(place: MailboxPlace, names: [String], seen: Bool) {
        self.place = place
        self.names = names
        self.seen = seen
    }

    /// nil where the octets are no batch.
    init?(encoded: [UInt8]) {
        let fields = encoded.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        let first = fields.first == "2" ? 7 : 5
        guard fields.count >= first, fields[0] == "1" || fields[0] == "2", let device = UInt64(fields[2]),
            let inode = UInt64(fields[3])
        else { return nil }
        self.init(
            place: MailboxPlace(path: fields[1], device: device, inode: inode), names: Array(fields[first...]),
            seen: fields[4] == "S")
    }

    /// nil where it is another store's.
    init?(_ batch: StagedBatch) { self.init(encoded: batch.encoded) }

    private var head: [UInt8] {
        Self.encoded(["1", place.path, String(place.device), String(place.inode), seen ? "S" : "-"])
    }

    private static func encoded(_ fields: [String]) -> [UInt8] { fields.flatMap { Array($0.utf8) + [0] } }

    /// As the others know it.
    func staged(by run: StagedRun? = nil) -> StagedBatch {
        StagedBatch(
            encoded: head + Self.encoded(names), lane: StoreLane(String(place.device)), count: names.count, run: run)
    }

    /// Appends `next` where it is of the same place and way; batches of many are never decoded for that.
    static func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool {
        guard let end = namesStart(batch.encoded), let start = namesStart(next.encoded),
            batch.encoded[..<end] == next.encoded[..<start]
        else { return false }
        batch.encoded += next.encoded[start...]
        batch.count += next.count
        batch.run = next.run
        return true
    }

    /// Where the names begin in a batch of the form that is written.
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
