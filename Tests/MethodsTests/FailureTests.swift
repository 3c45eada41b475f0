// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import MailStore
import Records
import Testing
import Vocabulary

@testable import Methods

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
}
