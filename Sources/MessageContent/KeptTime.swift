// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The time of arrival that a store keeps with a message.
public enum KeptTime {
    /// By how much an old server's clock may be ahead of ours.
    private static let mostSkew: Int64 = 86400

    /// What the old server has told, where that can be; else what the message itself states; never in the future.
    /// - Parameters:
    ///   - stated: in seconds since 1970, as ``MessageScan/finish()`` gives it.
    ///   - now: the same.
    /// - Returns: seconds since 1970.
    public static func of(told: Timestamp?, stated: Int64?, now: Int64) -> Int64 {
        let told = told.map { $0.milliseconds / 1000 }.flatMap { $0 <= now + mostSkew ? $0 : nil }
        return min(told ?? stated ?? now, now)
    }
}
