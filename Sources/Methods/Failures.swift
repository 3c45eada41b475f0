// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import JSONWire
import MailMoveAPI
import MailStore
import Records
import Secrets
import Vocabulary

/// The one place where errors become JSON-RPC.
extension CallFailure {
    /// nil for an unforeseen error: its text is for the log, not for clients.
    init?(for error: any Error) {
        switch error {
        case let failure as CallFailure: self = failure
        case let violation as Violation: self.init(violation)
        case let error as MoveError: self.init(error.reason, detail: error.detail, retryAfter: error.retryAfter)
        case let error as InvalidParameter: self.init(Violation(error))
        case is InvalidCursor:
            self.init(Violation("cursor", "must be a nextCursor of a page with the same parameters"))
        case let error as InvalidAddress: self.init(Violation("account", "must be an address: \(error.detail)"))
        case let error as RecordsError where error.code == .closed: self.init(.shuttingDown, detail: error.detail)
        case let error as RecordsError: self.init(.databaseUnavailable, detail: error.detail)
        case let error as DirectoryError: self.init(.directoryUnavailable, detail: error.detail)
        case let error as MailStoreError: self.init(.mailStoreUnavailable, detail: error.detail)
        case let error as SecretsError: self.init(error)
        case is CancellationError: self.init(.shuttingDown, detail: "the daemon shuts down; try again in a moment")
        default: return nil
        }
    }

    private init?(_ error: SecretsError) {
        switch error.code {
        case .overloaded: self.init(.overloaded, detail: error.detail)
        case .stopped: self.init(.shuttingDown, detail: error.detail)
        case .unsupportedHash: self.init(Violation("passwordHash", error.detail, reason: .unsupportedHash))
        case .unacceptablePassword: self.init(Violation("password", error.detail, reason: .weakPassword))
        case .invalidKey, .cannotOpen, .hashingFailed: return nil
        }
    }
}

extension Violation {
    init(_ error: InvalidParameter) {
        let reason: Violation.Reason =
            switch error.kind {
            case .weakPassword: .weakPassword
            case .unsupportedHash: .unsupportedHash
            case .invalid: .invalidParameters
            }
        self.init(error.parameter, error.detail, reason: reason)
    }
}
