// SPDX-License-Identifier: Apache-2.0

import Secrets
import Testing

@testable import Logins

@Suite struct PasswordCacheTests {
    private let cache = PasswordCache()
    private let digester = PasswordDigester()
    private let start = ContinuousClock.now

    private func digest(_ password: String) -> PasswordDigest {
        digester.digest(Password(password), context: "ann@example.com")
    }

    private func isKnown(_ password: String, hash: String = "h", after seconds: Double) -> Bool {
        cache.contains(digest(password), for: "ann@example.com", hash: hash, now: start.advanced(by: .seconds(seconds)))
    }

    private func remember() {
        cache.insert(digest("right"), for: "ann@example.com", hash: "h", until: start.advanced(by: .seconds(300)))
    }

    @Test func aRightPasswordIsKnownForFiveMinutesHoweverOftenItIsUsed() {
        remember()
        for second in 0..<300 { #expect(isKnown("right", after: Double(second))) }
        #expect(!isKnown("right", after: 300))
    }

    @Test func anotherPasswordIsNotKnownAndSpoilsNothing() {
        remember()
        #expect(!isKnown("wrong", after: 1))
        #expect(isKnown("right", after: 1))
    }

    @Test func anotherHashVoidsIt() {
        remember()
        #expect(!isKnown("right", hash: "another", after: 1))
        #expect(!isKnown("right", after: 1))
    }
}
