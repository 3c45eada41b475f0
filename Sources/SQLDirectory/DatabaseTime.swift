// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vocabulary

extension Timestamp {
    /// Seconds since 1970; RFC 3339; or `2026-11-30 14:05:00`, with decimals or an offset, as databases write it. Without
    /// an offset it is this machine's local time.
    init?(databaseText text: String) {
        if let seconds = Double(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }) {
            guard seconds < 1e11 else { return nil }
            self.init(milliseconds: Int64(seconds * 1000))
        } else if let time = Timestamp(text) {
            self = time
        } else if let time = Timestamp(text + ":00") {
            // PostgreSQL writes offsets of whole hours as +01.
            self = time
        } else if let time = Timestamp(text + "Z") {
            self = time.asLocal
        } else {
            return nil
        }
    }

    /// What a local clock that shows this moment's digits means.
    private var asLocal: Timestamp {
        var time = time_t(milliseconds / 1000)
        var parts = tm()
        gmtime_r(&time, &parts)
        parts.tm_isdst = -1
        let seconds = mktime(&parts)
        return Timestamp(milliseconds: Int64(seconds) * 1000 + milliseconds % 1000)
    }
}
