// SPDX-License-Identifier: Apache-2.0

extension EventRecord {
    /// Equal for events that repeat each other, if account, kind, `via` and `reason` are equal too; nil if each is
    /// worth a row of its own.
    public var likeness: Int64? {
        let isSaidOnce =
            switch kind {
            case .created, .closed, .handedOver, .deleted, .passwordChanged, .enabled, .settingsChanged, .disabled,
                .halfDone,
                .allDone, .windowEnding, .windowEnded:
                true
            case .completed: !isIdle
            default: false
            }
        if isSaidOnce { return nil }
        // A server's words for the same failure may hold a time or a number that differs each time.
        let words =
            switch kind {
            case .failed, .postponed, .passwordRejected: nil as String?
            default: detail
            }
        // FNV-1a: the same in every process. What the other columns distinguish need not be included.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in "\(kind.rawValue) \(words ?? "")".utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}
