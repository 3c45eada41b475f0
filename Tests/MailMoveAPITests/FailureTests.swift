// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Testing
import Vocabulary

@Suite struct FailureTests {
    @Test(arguments: Reason.allCases)
    func aReasonBecomesItsError(_ reason: Reason) throws {
        let error = CallFailure(reason, detail: "who, what").rpcError
        #expect(error.code == reason.code ?? -32603)
        #expect(error.data?["reason"]?.string == reason.rawValue)
        #expect(error.data?["retryable"]?.bool == reason.isRetryable)
        #expect(error.data?["detail"] == "who, what")
        #expect(error.data?["message"]?["zh-CN"]?.string == reason.text.zhCN)
        #expect(error.data?["parameter"] == nil && error.data?["retryAfter"] == nil)
    }

    @Test func itsDataIsAsDescribed() throws {
        let data = CallFailure(.tooManyAttempts, detail: "d", retryAfter: 30).data
        #expect(ErrorData.schema.violation(in: try view(text(data))) == nil)
        #expect(try view(text(data)).decode(ErrorData.self) == data)
        let rpcError = try #require(CallFailure(.tooManyAttempts, detail: "d", retryAfter: 30).rpcError.data)
        #expect(try view(rpcError).decode(ErrorData.self) == data)
    }

    @Test func wrongParametersAreTheSpecificationsError() throws {
        let error = CallFailure(Violation("oldServer.host", "must be there")).rpcError
        #expect(error.code == -32602)
        #expect(error.data?["reason"] == "invalidParameters")
        #expect(error.data?["parameter"] == "oldServer.host")
        #expect(error.data?["retryable"] == false)
        #expect(error.message == "Invalid params: oldServer.host must be there")
        let weak = CallFailure(Violation("password", "is too short", reason: .weakPassword)).rpcError
        #expect(weak.code == -32602 && weak.data?["reason"] == "weakPassword")
    }
}
