// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession

/// What a `NO` or a `BAD` to an APPEND is about. Whatever it is: some of what was sent may be in the folder.
enum AppendVerdict: Hashable, Sendable {
    /// The message, or one of them.
    case message
    /// There is no room: nothing is taken before there is.
    case full
    /// It has enough for now; after so many seconds, if it says so.
    case wait(seconds: Int?)
    /// Something is wrong over there; with the server, or with its handling of this message.
    case fault
    /// There is no such folder.
    case noFolder
    /// Nothing may be appended to this folder.
    case folderBarred
    /// Nothing may be appended at all.
    case barred

    init(_ condition: Condition) {
        let words = ServerWords(condition.text)
        if condition.code == .overQuota || words.hold(Self.fullness) {
            self = .full
            return
        }
        switch condition.code {
        case .tooBig: self = .message
        case .limit where words.hold(["size", "too large", "too big", "too long"]): self = .message
        case .unavailable, .inUse, .limit, .throttled: self = .wait(seconds: condition.pause)
        case .tryCreate, .nonexistent: self = .noFolder
        case .noPermission, .readOnly: self = .folderBarred
        case .contactAdmin, .privacyRequired, .authorizationFailed, .expired, .corruption: self = .barred
        case .serverBug: self = .fault
        default:
            if condition.tellsOfNoFolder {
                self = .noFolder
            } else if condition.suggestedBackoff != nil || words.tellOfThrottling || words.tellOfLoad {
                self = words.hold(["internal"]) ? .fault : .wait(seconds: condition.pause)
            } else {
                self = words.tellOfFault ? .fault : .message
            }
        }
    }

    private static let fullness = [
        "quota", "mailbox full", "mailbox is full", "no space", "disk full", "disk is full", "insufficient storage",
        "not enough space", "storage limit", "over limit", "空间不足", "容量",
    ]
}
