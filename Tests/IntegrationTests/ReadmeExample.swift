// SPDX-License-Identifier: Apache-2.0
// The example of clients/swift/README.md, as it stands there; a test compares the two.

import MailMoveClient

@TaskLocal var mailmove = MailMoveClient(socketPath: "/run/mailmove/login.sock")

struct TryAgainLater: Error { let message: String }

func logIn(_ account: String, _ password: String, from address: String) async throws -> Bool? {
    let answer = try await mailmove.authenticate(
        account: account, password: Password(password), via: .webmail, remoteAddress: address)
    switch answer.decision {
    case .accept: return true
    case .reject: return false
    case .pass: return nil  // the platform's own database decides, which has the right password by now
    case .unavailable: throw TryAgainLater(message: answer.message.en)
    }
}

func showProgress(of account: String) async throws {
    for try await status in try mailmove.watchStatus(account: account) {
        print(status.moved, "of", status.total, status.message.en)
        if status.status == .completed { break }
    }
}
