// SPDX-License-Identifier: Apache-2.0

import MailStore

/// A batch as an intent keeps it: fields ended by NUL, which no path and no file name holds.
extension StagedBatch {
    func encoded() throws -> [UInt8] {
        let fields = ["1", place.path, String(place.device), String(place.inode), seen ? "S" : "-"] + names
        guard !fields.contains(where: { $0.utf8.contains(0) }) else {
            throw MoveError(.mailStoreUnavailable, "a path in the mail store holds a NUL")
        }
        return fields.flatMap { Array($0.utf8) + [0] }
    }

    /// nil where the octets are no batch.
    init?(encoded: [UInt8]) {
        let fields = encoded.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 5, fields[0] == "1", let device = UInt64(fields[2]), let inode = UInt64(fields[3]) else {
            return nil
        }
        self.init(
            place: MailboxPlace(path: fields[1], device: device, inode: inode), names: Array(fields[5...]),
            seen: fields[4] == "S")
    }
}
