// SPDX-License-Identifier: Apache-2.0

extension EventRecord {
    /// The same for events of an account that repeat each other, where account, kind, `via` and `reason` are the same too;
    /// nil where each is worth a row of its own.
    public var likeness: Int64? {
        let isSaidOnce =
            switch kind {
            case .created, .handedOver, .deleted, .passwordChanged: true
            case .completed: !isIdle
            default: false
            }
        if isSaidOnce { return nil }
        // What a server says of the same failure may hold a time or a number that is another each time.
        let words =
            switch kind {
            case .failed, .postponed, .passwordRejected: nil as String?
            default: detail
            }
        // FNV-1a: the same in every process. What is told apart by the other columns need not be here.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in "\(kind.rawValue) \(words ?? "")".utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}
