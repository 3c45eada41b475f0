// SPDX-License-Identifier: Apache-2.0

import MailSession

/// What an `-ERR` in answer to a login means.
///
/// Codes (RFC 2449 §8, RFC 3206 §4 and §5) decide, if there are any. Wordings count where servers are known to use
/// them. Anything unknown means a wrong password after the password has been shown, and nothing before.
enum Refusal: Hashable, Sendable {
    case wrongPassword
    case noSuchUser
    case busy(LoginAnswer.Busy)
    /// Not about the password.
    case refused
    /// The server does not know the command or mechanism: another may be tried.
    case unsupported

    /// How much the server had been told when it answered.
    enum Stage: Hashable, Sendable {
        /// The name of a mechanism.
        case mechanism
        /// The name in `USER`.
        case user
        /// The name within a SASL exchange, which servers may refuse just as they refuse a wrong password.
        case exchange
        /// The password or a proof of it.
        case proof
    }

    init(_ line: StatusLine, at stage: Stage) {
        let wording = ServerWords(line.wording)
        switch line.code {
        case let code? where code.isWithin(.inUse): self = .busy(.inUse)
        case let code? where code.isWithin(.loginDelay): self = .busy(.loginDelay)
        case let code? where code.isWithin(.systemTemporary): self = .busy(.systemTemporary)
        case let code? where code.isWithin(.systemPermanent): self = wording.knowNoUser ? .noSuchUser : .refused
        case let code? where code.isWithin(.authentication):
            self = wording.wantEncryption ? .refused : wording.knowNoUser ? .noSuchUser : .wrongPassword
        default:
            if stage == .proof ? wording.knowNoCommandForSure : wording.knowNoCommand {
                self = .unsupported
            } else if wording.knowNoUser {
                self = .noSuchUser
            } else if wording.wantEncryption || wording.refuseService {
                self = .refused
            } else if let busy = wording.busy {
                self = .busy(busy)
            } else {
                switch stage {
                case .mechanism: self = .unsupported
                case .user: self = .refused
                case .exchange, .proof: self = .wrongPassword
                }
            }
        }
    }
}
