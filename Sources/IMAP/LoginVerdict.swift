// SPDX-License-Identifier: Apache-2.0

import MailSession

/// What a server's answers to a login say of the password.
///
/// Some servers say OK to a wrong password and refuse afterwards (Exchange: "User is authenticated but not connected").
/// Therefore a password is right only if the login succeeds *and* the inbox opens.
public enum LoginVerdict: Hashable, Sendable {
    /// The inbox is open.
    case accepted
    /// The login succeeded; the inbox has to be opened before that means anything.
    case inboxHasToOpen
    /// The password is wrong, or the user unknown.
    case rejected
    /// It says nothing about the password; ask again later.
    case unavailable
    /// The password must not be sent like this: only within TLS, or by a mechanism that hides it.
    case mustNotBeAsked

    /// Of the answer to LOGIN or AUTHENTICATE; nil where the connection ended without one.
    public static func ofLogin(_ answer: Condition?) -> LoginVerdict {
        guard let answer else { return .unavailable }
        switch answer.kind {
        case .ok: return .inboxHasToOpen
        case .bye, .preauthenticated: return .unavailable
        case .no, .bad: break
        }
        if let verdict = ofCode(answer.code) { return verdict }
        guard answer.kind == .no else { return .unavailable }
        let words = ServerWords(answer.text)
        if words.wantEncryption { return .mustNotBeAsked }
        return words.tellOfFault ? .unavailable : .rejected
    }

    /// Of the answer to EXAMINE of the inbox; nil where the connection ended without one.
    public static func ofInbox(_ answer: Condition?) -> LoginVerdict {
        guard let answer else { return .unavailable }
        switch answer.kind {
        case .ok: return .accepted
        case .bye, .preauthenticated: return .unavailable
        case .no, .bad: break
        }
        return ofCode(answer.code) ?? (ServerWords(answer.text).denyLogin ? .rejected : .unavailable)
    }

    /// RFC 5530 §3. nil where the words decide.
    private static func ofCode(_ code: ResponseCode?) -> LoginVerdict? {
        switch code {
        case .authenticationFailed, .authorizationFailed, .expired: .rejected
        case .privacyRequired: .mustNotBeAsked
        case .unavailable, .inUse, .limit, .serverBug, .contactAdmin, .throttled: .unavailable
        // About the client, the folder or the server's disk, not the password.
        case .clientBug, .cannot, .overQuota, .corruption, .noPermission, .nonexistent, .tooBig: .unavailable
        // RFC 2221: it is not followed, and who has not looked has not said anything.
        case .referral: .unavailable
        default: nil
        }
    }
}
