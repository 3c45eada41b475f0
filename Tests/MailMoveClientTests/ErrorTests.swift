// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailMoveAPI
import NIOCore
import Testing

@testable import MailMoveClient

@Suite struct ErrorTests {
    @Test(arguments: [EACCES, EPERM])
    func aSocketThatKeepsTheProcessOutIsNotTriedAgain(_ code: Int32) {
        let error = MailMoveError(
            connecting: "/run/mailmove/admin.sock", IOError(errnoCode: code, reason: "connect"))
        #expect(error.code == .notPermitted && !error.isRetryable)
        #expect(error.detail.contains("/run/mailmove/admin.sock: permission denied"))
    }

    @Test(arguments: [ENOENT, ECONNREFUSED, EAGAIN])
    func aDaemonThatIsNotThereMayComeBack(_ code: Int32) {
        let error = MailMoveError(connecting: "/s", IOError(errnoCode: code, reason: "connect"))
        #expect(error.code == .daemonUnreachable && error.isRetryable)
    }

    @Test func itsTextIsForALog() {
        let refused = MailMoveError(CallFailure(.mailboxInUse, detail: "ann@example.com").rpcError)
        #expect(refused.description == "mailboxInUse (-32035): ann@example.com")
        #expect(MailMoveError(.timedOut, "late").description == "late")
    }

    @Test func thePausesGrowToABoundAndVary() {
        var backoff = Backoff(from: .milliseconds(100), to: .milliseconds(400))
        let pauses = (0..<5).map { _ in backoff.pause() }
        for (pause, whole) in zip(pauses, [100, 200, 400, 400, 400]) {
            #expect(pause <= .milliseconds(whole) && pause >= .milliseconds(whole / 2))
        }
    }
}
