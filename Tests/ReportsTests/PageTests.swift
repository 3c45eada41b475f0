// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Vocabulary

@testable import Reports

@Suite struct PageTests {
    /// With MAILMOVE_PAGES=FOLDER the pages are written there, to be looked at.
    @Test(arguments: PageLanguage.allCases)
    func itIsOnePageThatNeedsNothing(_ language: PageLanguage) throws {
        let page = try SampleReport().page(language, hoursAhead: 8)
        if let folder = ProcessInfo.processInfo.environment["MAILMOVE_PAGES"] {
            try Data(page.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(language.rawValue).html"))
        }
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        #expect(page.contains("<html lang=\"\(language.rawValue)\">"))
        #expect(page.contains("<svg"))
        #expect(page.contains("@page"))
        for loads in ["http:", "https:", "src=", "url(", "@import", "<script"] { #expect(!page.contains(loads)) }
        #expect(!page.contains("{{"))
        for figure in ["182,344", "44.9 GB", "70 %", "late0@example.com", "王 小明", "UTC+8"] {
            #expect(page.contains(figure), "\(figure)")
        }
    }

    @Test func noNameBecomesMarkup() throws {
        let names = [
            "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "\"\u{301}'\u{301}<\u{338}b>",
            "a\u{202E}b\u{7}",
        ]
        for language in PageLanguage.allCases {
            let page = try SampleReport(names: names).page(language)
            #expect(!page.contains("<script"))
            #expect(!page.contains("<img"))
            #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
            #expect(page.unicodeScalars.allSatisfy { $0 != "\u{202E}" && $0 != "\u{7}" })
            #expect(page.contains("&quot;\u{301}&#39;\u{301}&lt;\u{338}b&gt;"))
        }
    }

    @Test func theChinesePageHasNoEnglishWords() throws {
        let page = try SampleReport(names: ["王 小明"]).page(.chinese)
        let style = try #require(page.range(of: "</style>"))
        var text = String(page[style.upperBound...]).replacing(try Regex("<[^>]*>"), with: " ")
        for pattern in [
            "mailmovectl( [a-z]+)?", "[^ ]*@?example\\.com", "UTC", "[KMG]B", "mailmove", "IMAP|POP", "&[a-z]+;",
        ] {
            text = text.replacing(try Regex(pattern), with: " ")
        }
        #expect(text.firstMatch(of: try Regex("[A-Za-z]{2,}"))?.0 == nil, "\(text)")
    }

    @Test func anEmptyMigrationHasAPageToo() throws {
        var sample = try SampleReport(names: [])
        sample.hours = []
        sample.failures = [:]
        sample.largest = []
        sample.totals = .init()
        let page = try sample.page(.english)
        #expect(page.contains("Nothing has been moved yet."))
        #expect(!page.contains("<table"))
        #expect(!page.contains("<svg"))
    }

    @Test func figuresReadWell() {
        #expect(Figures.size(0) == "0")
        #expect(Figures.size(12) == "< 1 KB")
        #expect(Figures.size(1_536) == "1.5 KB")
        #expect(Figures.size(1_048_000) == "1 MB")
        #expect(Figures.size(5 << 40) == "5 TB")
        #expect(Figures.percent(999, of: 1000) == "99 %")
        #expect(Figures.percent(1000, of: 1000) == "100 %")
        #expect(Figures.percent(0, of: 0) == "–")
        let figures = Figures(language: .english) { _ in 20_700 }
        #expect(figures.zone(SampleReport.morning) == "UTC+5:45")
        #expect(figures.moment(Timestamp(milliseconds: 0)) == "1 Jan 1970, 05:45")
        #expect(figures.duration(7_500) == "2 h 5 min")
    }
}
