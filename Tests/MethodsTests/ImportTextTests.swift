// SPDX-License-Identifier: Apache-2.0

import AccountFile
import MailMoveAPI
import Testing

@testable import Accounts
@testable import Methods

@Suite struct ImportTextTests {
    private static let faults: [RowFault] = [
        .openQuote, .textAfterQuote, .nul, .tooManyFields, .noQuota, .nameTooLong, .invalidAddress("no"),
        .encodingUncertain,
    ]

    @Test func everyFaultIsToldInBothLanguages() {
        let all: [ImportOutcome.Rejection.Fault] =
            Self.faults.map { .row($0) }
            + CreationOutcome.Rejection.Reason.allCases.map { .account($0, detail: "why") }
        for fault in all {
            let rejection = ImportOutcome.Rejection(line: 7, address: "a@x.example", fault: fault)
            let english = ImportedAccounts.Rejection(rejection, in: .english)
            let chinese = ImportedAccounts.Rejection(rejection, in: .chinese)
            #expect(english.reason == chinese.reason && english.line == 7 && english.address == "a@x.example")
            #expect(!english.detail.isEmpty && english.detail.utf8.allSatisfy { $0 < 0x80 })
            #expect(chinese.detail.unicodeScalars.contains { $0.value > 0x3000 })
        }
    }

    @Test func aReasonKeepsItsName() {
        for reason in CreationOutcome.Rejection.Reason.allCases {
            let rejection = ImportOutcome.Rejection(line: 1, address: "", fault: .account(reason, detail: "why"))
            #expect(ImportedAccounts.Rejection(rejection, in: .english).reason.rawValue == reason.rawValue)
        }
    }

    @Test func everyMeaningHasItsWord() {
        for meaning in Meaning.allCases { #expect(ImportedAccounts.Column.Meaning(rawValue: meaning.rawValue) != nil) }
        #expect(Separator.allCases.map(\.rawValue) == [",", ";", "tab", "|"])
    }

    @Test func aFileThatCannotBeReadIsAWrongParameter() {
        let errors: [AccountFileError] = [
            .empty, .notInEncoding("UTF-8"), .encodingNotFound, .noAddressColumn, .ambiguousColumns(.password),
            .nulInHeader, .tooManyRows,
        ]
        for error in errors { #expect(Violation(error).parameter == "data") }
        #expect(Violation(AccountFileError.unknownEncoding).parameter == "encoding")
    }
}
