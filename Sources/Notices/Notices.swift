// SPDX-License-Identifier: Apache-2.0

// News of a migration: told to people before they ask.
//
// 1. ``NoticeDesk`` looks at every domain every few seconds.
// 2. ``DomainNotices``, a value, knows what was told of a domain's window, and decides what is news. It is kept in the
//    records, so that each news is told once.
// 3. News becomes an event of the domain, and a ``Notice``, which is taken to `notify.target` until it is there.

import Foundation
public import Vocabulary

/// Something about a domain's migration that somebody wants to be told.
public struct Notice: Codable, Hashable, Sendable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Half of the accounts are complete …
        case halfDone
        /// … or all.
        case allDone
        /// Nothing has been moved for a while, although there is work and the old server can be reached.
        case stalled
        /// The old server has been away for ten minutes.
        case oldServerAway
        /// The window ends within three days.
        case windowEnding
        /// It has ended.
        case windowEnded
    }

    public struct Waiting: Codable, Hashable, Sendable {
        public var accounts: Int64
        /// The first of them.
        public var first: [String]
    }

    public var event: Kind
    public var at: Timestamp
    public var domain: String
    public var expiresAt: Timestamp
    /// By status.
    public var counts: [String: Int64]
    public var moved: Int64
    public var movedOctets: Int64
    public var remaining: Int64
    public var notStarted: Waiting
    public var oldServer: String
    /// What has happened, in figures and names.
    public var detail: String
    public var message: LocalizedText
    public var leftToDo: LocalizedText

    /// One JSON object, on a line.
    var octets: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        }
    }
}
