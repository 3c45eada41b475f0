// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSONWire
import MailMoveAPI
import Testing
import Vocabulary

/// Reports, exports and imports, as a client calls them.
@Suite struct ReportMethodsTests {
    private func base64(_ text: String) -> JSONValue { .string(Data(text.utf8).base64EncodedString()) }

    @Test func aReportHasFiguresAndAPage() async throws {
        try await MethodPlatform.run { platform in
            try await platform.enable()
            let plain = try await platform.result("getReport", ["domain": "example.com"])
            #expect(plain["html"] == nil)
            #expect(plain["byStatus"]?["notStarted"] == 1)
            #expect(plain["notStarted"]?.array?.first?["account"] == "ann@example.com")
            #expect(plain["notStarted"]?.array?.first?["reason"] == "noLogin")
            #expect(plain["leftToDo"]?.array?.first?["task"] == "notStarted")
            let page = try await platform.result(
                "getReport", ["domain": "example.com", "format": "html", "people": "none", "lang": "zh-CN"])
            let html = try #require(page["html"]?.string)
            #expect(html.contains("<html lang=\"zh-CN\">"))
            #expect(!html.contains("ann@"))
            #expect(page["notStarted"]?.array?.first?["account"] == .null)
            #expect(page["leftToDo"]?.array?.first?["action"]?.string?.contains("登录") == true)
        }
    }

    @Test func hashesAreExportedPageByPage() async throws {
        try await MethodPlatform.run { platform in
            let names = ["a", "b", "c"]
            let rows = names.map {
                JSONValue.object(["address": .string("\($0)@example.com"), "password": "Str0ng-0-pass"])
            }
            _ = try await platform.result("createAccounts", ["accounts": .array(rows)])
            var exported: [String] = []
            var cursor = JSONValue.null
            repeat {
                let page = try await platform.result(
                    "exportAccounts", ["domain": "example.com", "limit": 2, "cursor": cursor])
                for account in page["accounts"]?.array ?? [] {
                    exported.append(account["address"]?.string ?? "")
                    #expect(account["passwordHash"]?.string?.hasPrefix("{CRYPT}$y$") == true)
                    #expect(account["handedOver"] == false)
                }
                cursor = page["nextCursor"] ?? .null
            } while cursor != .null
            #expect(exported == names.map { "\($0)@example.com" })
            #expect(try await platform.call("exportAccounts", ["domain": "example.com"], as: .login)?.code == -32001)
            #expect(try await platform.call("getMetrics", [:], as: .login)?.code == -32001)
            #expect(try await platform.result("getMetrics", [:])["text"]?.string?.hasSuffix("# EOF\n") == true)
        }
    }

    @Test func manyDomainsAreEnabledAtOnceAndABadOneSpoilsNoOther() async throws {
        try await MethodPlatform.run { platform in
            try await platform.enable()
            let file = base64(
                """
                defaults:
                  oldServer: {host: 192.0.2.10, security: none}
                migrations:
                  - domain: a.example
                  - domain: b.example
                    oldServer: {port: 70000}
                  - domain: example.com
                  - domain: a.example
                  - just words
                  - domain: c.example
                    validDays: 3
                    colour: red
                  - domain: d.example
                """)
            for dryRun in [true, false] {
                let result = try await platform.result("importMigrations", ["data": file, "dryRun": .bool(dryRun)])
                let rows = result["migrations"]?.array ?? []
                #expect(rows.map { $0["enabled"] } == [true, false, false, false, false, false, true])
                let details = rows.map { $0["error"]?["detail"]?.string ?? "" }
                #expect(details[1].hasPrefix("line 5: oldServer.port must be"))
                #expect(rows[2]["error"]?["reason"] == "migrationEnabled")
                #expect(details[2].contains("mailmovectl change"))
                #expect(details[3].contains("twice"))
                #expect(details[4].hasPrefix("line 9"))
                #expect(details[5].contains("colour"))
                #expect(rows[0]["warnings"]?.array?.isEmpty == false)
                let there = try await platform.result("listMigrations", [:])["migrations"]?.array ?? []
                #expect(there.count == (dryRun ? 1 : 3))
            }
            let chinese = try await platform.result("importMigrations", ["data": file, "lang": "zh-CN"])
            #expect(chinese["migrations"]?.array?[2]["error"]?["detail"]?.string?.hasPrefix("第 7 行") == true)
        }
    }

    @Test func aFileThatIsNoneIsRefused() async throws {
        try await MethodPlatform.run { platform in
            let error = try await platform.call("importMigrations", ["data": base64("migrations:\n  - {a: [}")])
            #expect(error?.code == -32602)
            #expect(error?.data?["parameter"] == "data")
            #expect(error?.data?["detail"]?.string?.contains("line 2") == true)
        }
    }
}
