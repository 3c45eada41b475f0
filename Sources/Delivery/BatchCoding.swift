// SPDX-License-Identifier: Apache-2.0

import Glibc
package import MailStore
import Records
import Vocabulary

/// A batch as an intent keeps it: fields ended by NUL, which no path and no file name holds.
extension StagedBatch {
    /// - Parameter moment: when, by a clock that nobody sets.
    func encoded(at moment: BootMoment? = nil) throws -> [UInt8] {
        var fields = [moment == nil ? "1" : "2", place.path, String(place.device), String(place.inode)]
        fields.append(seen ? "S" : "-")
        if let moment { fields += [moment.boot, String(moment.seconds)] }
        fields += names
        guard !fields.contains(where: { $0.utf8.contains(0) }) else {
            throw MoveError(.mailStoreUnavailable, "a path in the mail store holds a NUL")
        }
        return fields.flatMap { Array($0.utf8) + [0] }
    }

    /// nil where the octets are no batch.
    package init?(encoded: [UInt8]) {
        self.init(fields: Self.fields(encoded))
    }

    private init?(fields: [String]) {
        let first = fields.first == "2" ? 7 : 5
        guard fields.count >= first, fields[0] == "1" || fields[0] == "2", let device = UInt64(fields[2]),
            let inode = UInt64(fields[3])
        else { return nil }
        self.init(
            place: MailboxPlace(path: fields[1], device: device, inode: inode), names: Array(fields[first...]),
            seen: fields[4] == "S")
    }

    fileprivate static func fields(_ encoded: [UInt8]) -> [String] {
        encoded.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A moment by the clock that goes on evenly from the machine's start, asleep or awake.
struct BootMoment: Hashable, Sendable {
    /// Which start of the machine.
    var boot: String
    var seconds: Int64

    static var now: BootMoment {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return BootMoment(boot: thisBoot, seconds: Int64(time.tv_sec))
    }

    private static let thisBoot: String = {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return "" }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 64)
        let count = fread(&octets, 1, octets.count, file)
        return String(decoding: octets[..<count].filter { $0 > 32 }, as: UTF8.self)
    }()

    init(boot: String, seconds: Int64) {
        self.boot = boot
        self.seconds = seconds
    }

    /// When an intent's batch was encoded; nil where it does not say.
    init?(encoded: [UInt8]) {
        let fields = StagedBatch.fields(encoded)
        guard fields.count >= 7, fields[0] == "2", let seconds = Int64(fields[6]) else { return nil }
        self.init(boot: fields[5], seconds: seconds)
    }
}

extension Intent {
    /// Whether it is younger than a day by every clock: until then nobody cleans up what is staged. A wall clock that was
    /// set back makes the age unknown, except for what a correction takes.
    func isRecent(at now: Timestamp, _ moment: BootMoment = .now) -> Bool {
        guard (-60..<86_400).contains(now.seconds(since: recordedAt)) else { return false }
        guard let begun = BootMoment(encoded: batch), begun.boot == moment.boot else { return true }
        return (0..<86_400).contains(moment.seconds - begun.seconds)
    }
}
