// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import MailStore
import Records
import Testing
import Vocabulary

@testable import Methods
@testable import Secrets

@Suite struct FailureTests {
    @Test(arguments: Reason.allCases.filter { $0.code != nil })
    func aReasonReachesTheClientWithEverythingTheContractPromises(reason: Reason) throws {
        let failure = try #require(CallFailure(for: MoveError(reason, "what happened; what to do", retryAfter: 7)))
        let error = failure.rpcError
        #expect(error.code == reason.code)
        let data = try #require(error.data)
        #expect(data["reason"]?.string == reason.rawValue)
        #expect(data["detail"]?.string == "what happened; what to do")
        #expect(data["retryable"]?.bool == reason.isRetryable)
        #expect(data["message"]?["en"]?.string == reason.text.en)
        #expect(data["message"]?["zh-CN"]?.string == reason.text.zhCN)
        #expect(data["retryAfter"]?.double == 7)
    }

    @Test func aParameterThatCannotBeTakenIsNamed() throws {
        let failure = try #require(CallFailure(for: InvalidParameter("oldServer.host", "is this machine")))
        #expect(failure.code == -32602)
        #expect(failure.data.parameter == "oldServer.host")
        #expect(failure.data.detail == "oldServer.host is this machine")
    }

    @Test func aCursorOfAnotherListIsAWrongParameter() {
        #expect(CallFailure(for: InvalidCursor())?.data.parameter == "cursor")
    }

    @Test func theStoresFailUnderTheirOwnNames() {
        let database = CallFailure(for: RecordsError(code: .unavailable, detail: "the disk is full"))
        #expect(database?.code == -32041)
        #expect(database?.data.detail == "the disk is full")
        #expect(CallFailure(for: RecordsError(code: .closed, detail: "closed"))?.code == -32004)
        #expect(CallFailure(for: CancellationError())?.code == -32004)
    }

    /// Its text may hold anything: it is for the log.
    @Test func anErrorThatNobodyForesawIsNotShownToClients() {
        struct Surprise: Error { var secret = "hunter2" }
        #expect(CallFailure(for: Surprise()) == nil)
    }

    @Test func theStoreOfMailFailsUnderItsOwnName() {
        let failure = CallFailure(
            for: MailStoreError(code: .unresponsive, detail: "it does not answer"))
        #expect(failure?.code == -32040)
        #expect(failure?.data.detail == "it does not answer")
    }

    @Test(arguments: [
        (SecretsError.Code.overloaded, -32003, "overloaded"), (.stopped, -32004, "shuttingDown"),
        (.unsupportedHash, -32602, "unsupportedHash"), (.unacceptablePassword, -32602, "weakPassword"),
    ])
    func whatSecretsComeToIsTold(code: SecretsError.Code, number: Int, reason: String) {
        let failure = CallFailure(for: SecretsError(code, "why"))
        #expect(failure?.code == number && failure?.data.reason == reason)
    }

    /// They are faults of ours: for the log.
    @Test(arguments: [SecretsError.Code.invalidKey, .cannotOpen, .hashingFailed])
    func faultsOfSecretsAreNotShown(code: SecretsError.Code) {
        #expect(CallFailure(for: SecretsError(code, "why")) == nil)
    }
}
