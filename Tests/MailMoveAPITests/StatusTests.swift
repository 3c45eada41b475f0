// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Testing
import Vocabulary

@Suite struct StatusTests {
    private func notStarted() throws -> Status {
        Status(
            account: try EmailAddress("Ann@Example.com"), status: .notStarted, startedAt: nil, startedBy: nil,
            lastTriggeredAt: nil, finishedAt: nil, moved: 3, remaining: 4, movedOctets: 0, totalOctets: 0,
            messagesPerSecond: 0, etaSeconds: nil, runs: 0, error: nil, window: nil,
            portal: Portal(visible: false, action: nil), message: LocalizedText(en: "a", zhCN: "b"))
    }

    @Test func aStatusHasTheMembersOfTheContractInItsOrderWithNullsWritten() throws {
        #expect(
            try text(notStarted()) == """
                {"account":"ann@example.com","status":"notStarted","startedAt":null,"startedBy":null,\
                "lastTriggeredAt":null,"finishedAt":null,"moved":3,"remaining":4,"total":7,"movedOctets":0,\
                "totalOctets":0,"messagesPerSecond":0.0,"etaSeconds":null,"runs":0,\
                "queued":false,"paused":false,"error":null,"lastAttempt":null,"window":null,\
                "portal":{"visible":false,"action":null},"message":{"en":"a","zh-CN":"b"}}
                """)
    }

    @Test func aStatusComesBackAsItWas() throws {
        let status = try notStarted()
        #expect(try view(text(status)).decode(Status.self) == status)
        let example: Status = try view(Contract.queryStatus.exampleResult()).decode()
        #expect(try view(text(example)).decode(Status.self) == example)
    }

    @Test func aClientIsNotTroubledByMembersThatAreLeftOut() throws {
        let page: StatusPage = try view(
            #"{"entries":[],"counts":{"notStarted":0,"inProgress":0,"completed":0,"failed":0,"nonMigrating":0},"total":0,"new":1}"#
        ).decode()
        #expect(page.nextCursor == nil)
    }
}
