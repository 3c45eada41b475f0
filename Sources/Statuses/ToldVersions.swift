// SPDX-License-Identifier: Apache-2.0

import Records

/// Which state of an account those who watch it have been told of last, so that none is told late. Changes overtake each
/// other within moments: what was told long ago, and thousands of other accounts before, is forgotten.
struct ToldVersions: Sendable {
    private var latest: [AccountRecord.ID: Int64] = [:]
    private var former: [AccountRecord.ID: Int64] = [:]
    private static let enough = 10_000

    /// Whether the row is no older than what has been told.
    /// - Parameter onlyNews: whether it must be younger.
    mutating func takes(_ row: AccountRecord, onlyNews: Bool = false) -> Bool {
        guard row.version >= (latest[row.id] ?? former[row.id]).map({ onlyNews ? $0 + 1 : $0 }) ?? 0 else {
            return false
        }
        if latest.count >= Self.enough, latest[row.id] == nil {
            former = latest
            latest = [:]
        }
        latest[row.id] = row.version
        return true
    }
}
