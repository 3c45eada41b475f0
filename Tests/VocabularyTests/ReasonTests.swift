// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@Suite struct ReasonTests {
    /// Programs rely on these numbers.
    @Test func eachReasonHasItsCode() {
        let codes: [Reason: Int] = [
            .forbidden: -32001, .tooManyAttempts: -32002, .overloaded: -32003, .shuttingDown: -32004,
            .accountNotFound: -32010, .accountsElsewhere: -32011, .migrationNotEnabled: -32020,
            .migrationExpired: -32021,
            .nonMigratingAccount: -32022, .credentialsRejected: -32030, .oldServerUnreachable: -32031,
            .oldServerUntrusted: -32032, .oldServerProtocol: -32033, .secureAuthenticationUnavailable: -32034,
            .mailboxInUse: -32035, .messagesRefused: -32036, .oldServerThrottled: -32037,
            .masterRejected: -32038, .mailStoreUnavailable: -32040,
            .databaseUnavailable: -32041, .directoryUnavailable: -32042,
        ]
        for reason in Reason.allCases { #expect(reason.code == codes[reason]) }
    }

    @Test func whatOnlyAnAdministratorCanMendIsNotTriedAgain() {
        let final: Set<Reason> = [
            .forbidden, .accountNotFound, .accountsElsewhere, .migrationNotEnabled, .migrationExpired,
            .nonMigratingAccount,
            .credentialsRejected, .oldServerUntrusted, .secureAuthenticationUnavailable, .masterRejected,
        ]
        for reason in Reason.allCases { #expect(reason.isRetryable == !final.contains(reason)) }
    }

    @Test func everybodyIsToldInBothLanguages() {
        let texts = Reason.allCases.map(\.text) + MigrationStatus.allCases.map(\.text)
        for text in texts {
            #expect(!text.en.isEmpty)
            #expect(text.zhCN.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) })
        }
        #expect(Reason.credentialsRejected.text.zhCN == "未开始搬家，请您与管理员核实账号和密码。")
    }
}
