// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Testing

@Suite struct LanguageTests {
    @Test func anErrorsDetailIsInTheLanguageThatWasAskedFor() async throws {
        try await MethodPlatform.run { platform in
            let english = try await platform.call("getMigration", ["domain": "no.example"])
            let chinese = try await platform.call("getMigration", ["domain": "no.example", "lang": "zh-CN"])
            #expect(english?.data?["detail"]?.string == "migration of no.example was never enabled")
            #expect(chinese?.data?["detail"]?.string == "no.example 从未开启搬家")
            #expect(chinese?.code == english?.code && chinese?.data?["reason"] == english?.data?["reason"])
            let wrong = try await platform.call("listLog", ["domain": "no.example", "limit": 0, "lang": "zh-CN"])
            #expect(wrong?.data?["detail"]?.string == "limit 须为1 至 1000 的整数")
        }
    }

    @Test(
        arguments: Contract.methods.filter { ($0.parameterSchema.members.contains { $0.name == "lang" }) }.map(\.name))
    func everyLanguageIsTakenAndNoOther(name: String) async throws {
        let method = try #require(Contract.method(named: name))
        try await MethodPlatform.run { platform in
            for (language, isKnown) in [("en", true), ("zh-CN", true), ("tlh", false)] {
                var parameters = try #require(method.exampleParameters.object)
                parameters["lang"] = .string(language)
                let error = try await platform.call(name, .object(parameters))
                #expect((error?.data?["parameter"]?.string == "lang") == !isKnown, "\(String(describing: error))")
            }
        }
    }

    @Test func whatIsReadByPeopleTakesALanguage() {
        let all = Set(
            Contract.methods.filter { ($0.parameterSchema.members.contains { $0.name == "lang" }) }.map(\.name))
        #expect(
            all.isSuperset(of: [
                "verifyOldServer", "checkDomain", "enableMigration", "updateMigration", "importAccounts",
                "createAccounts", "checkIntegrity", "listEvents", "queryStatus", "listLog", "getMigration",
            ]))
    }
}
