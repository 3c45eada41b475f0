// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import Phrases

@Suite struct PhrasebookTests {
    private let book = Phrasebook.mailmove

    @Test func whatWasPutInStaysAndIsInItsPlace() {
        #expect(book.chinese("the old server accepts the password of ann@example.com") == "原服务器接受 ann@example.com 的密码")
        // Chinese has another order.
        #expect(
            book.chinese("MX 10 mail.example of example.com is no host name: correct it, or remove it")
                == "example.com 的 MX 10 mail.example 不是主机名：请改正或删除")
    }

    @Test func clausesWithinSentencesAreTranslatedToo() {
        #expect(
            book.chinese("the old server 192.0.2.1:110 closed the connection; it said: -ERR bye")
                == "原服务器 192.0.2.1:110 断开了连接；其答复：-ERR bye")
        #expect(
            book.chinese(
                "nothing can be moved: the old server 192.0.2.1:110 does not answer (mailmovectl verify a.example tries it step by step)"
            )
                == "无法搬家：原服务器 192.0.2.1:110 没有应答（mailmovectl verify a.example 可逐步检查）")
        #expect(
            book.chinese("192.0.2.1:110: the old server answers again") == "192.0.2.1:110：原服务器已恢复应答")
    }

    @Test func sentencesSideBySideAreTranslatedEach() {
        #expect(
            book.chinese("mail.example cannot be reached. It wants 30.0 s between two logins of a user")
                == "无法连接 mail.example。它要求同一用户的两次登录相隔 30.0 秒")
    }

    @Test func aFigureIsNoWord() {
        #expect(book.chinese("3 completed, 1 failed, 12 not started") == "3 个完成，1 个失败，12 个未开始")
        #expect(book.chinese("login failed") == "login failed")
        #expect(book.chinese("-ERR this is paused") == "-ERR this is paused")
    }

    @Test func whatTheBookDoesNotHaveStays() {
        for text in ["", "-ERR [SYS/TEMP] try again", "ann@example.com", "{}", "{} {}", "密码", ": ", "; ", "\u{0}"] {
            #expect(book.chinese(text) == text)
        }
        #expect(book.say("does not answer", in: .english) == "does not answer")
        #expect(book.say("does not answer", in: .chinese) == "没有应答")
    }

    /// A server's words come into sentences, and must not cost more than they are long.
    @Test func hostileTextIsAnsweredSoon() {
        let nested = String(repeating: "the old server a does not answer; it said: ", count: 180)
        #expect(book.chinese(nested).hasPrefix("原服务器 a 没有应答；其答复："))
        #expect(book.chinese(String(repeating: "; ", count: 4000)).utf8.count <= 16_000)
        let long = String(repeating: "x", count: 100_000)
        #expect(book.chinese(long) == long)
    }

    @Test func placesOfWhatIsPutInAreThere() {
        for (english, chinese) in Self.pages {
            let holes = english.components(separatedBy: "{}").count - 1
            let used = chinese.matches(of: /\{(\d*)\}/).map { String($0.1) }
            #expect(used.count >= holes, "\(english)")
            #expect(used.allSatisfy { $0.isEmpty || (1...max(1, holes)).contains(Int($0) ?? 0) }, "\(english)")
        }
    }

    @Test func noSentenceIsThereTwice() {
        let all = Self.pages.map(\.english)
        #expect(Set(all).count == all.count)
    }

    private static var pages: [(english: String, chinese: String)] {
        Phrasebook.everything.map { page in
            (page.literals.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "{}"), page.translation)
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
