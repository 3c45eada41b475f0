// SPDX-License-Identifier: Apache-2.0

import Glibc
package import MailStore
package import Records
import Vocabulary

/// What an intent keeps of a batch: the store's own octets, and when it was staged. Fields ended by NUL.
///
/// | form | fields |
/// | --- | --- |
/// | `3` | the moment's boot and seconds; then the store's octets |
/// | `2` | the store's own form; the moment's boot and seconds are its sixth and seventh field; no longer written |
/// | others | the store's own form, without a moment; no longer written |
struct IntentCoding {
    var batch: [UInt8]
    /// When it was staged, by a clock that cannot be set; nil if the octets do not say.
    var moment: BootMoment?

    init(_ encoded: [UInt8]) {
        batch = encoded
        switch encoded.first {
        case UInt8(ascii: "3"):
            let fields = encoded.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4 else { return }
            moment = BootMoment(fields[1], fields[2])
            batch = Array(fields[3])
        case UInt8(ascii: "2"):
            let fields = encoded.split(separator: 0, maxSplits: 7, omittingEmptySubsequences: false)
            if fields.count == 8 { moment = BootMoment(fields[5], fields[6]) }
        default: break
        }
    }

    static func encode(_ batch: StagedBatch, at moment: BootMoment) -> [UInt8] {
        ["3", moment.boot, String(moment.seconds)].flatMap { Array($0.utf8) + [0] } + batch.encoded
    }
}

extension Intent {
    /// Its batch, as `store` encoded it; nil if the octets are not a batch.
    package func batch(in store: any MailStore) -> StagedBatch? { store.batch(encoded: IntentCoding(batch).batch) }
}

/// A moment by the clock that counts from the machine's start, suspended or not.
struct BootMoment: Hashable, Sendable {
    /// The machine's boot ID.
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

    fileprivate init?(_ boot: ArraySlice<UInt8>, _ seconds: ArraySlice<UInt8>) {
        guard let seconds = Int64(String(decoding: seconds, as: UTF8.self)) else { return nil }
        self.init(boot: String(decoding: boot, as: UTF8.self), seconds: seconds)
    }

    init(boot: String, seconds: Int64) {
        self.boot = boot
        self.seconds = seconds
    }
}

extension Intent {
    /// Whether it is younger than a day by every clock: until then nobody cleans up what is staged. If the wall clock
    /// was set back by more than a correction, the age is unknown.
    func isRecent(at now: Timestamp, _ moment: BootMoment = .now) -> Bool {
        guard (-60..<86_400).contains(now.seconds(since: recordedAt)) else { return false }
        guard let begun = IntentCoding(batch).moment, begun.boot == moment.boot else { return true }
        return (0..<86_400).contains(moment.seconds - begun.seconds)
    }
}
