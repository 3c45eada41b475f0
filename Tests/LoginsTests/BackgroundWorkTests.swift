// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import Logins

@Suite(.timeLimit(.minutes(15))) struct BackgroundWorkTests {
    private let ann: EmailAddress

    init() throws { ann = try EmailAddress("ann@example.com") }

    @Test func ofOneKindAnAccountHasOnePiece() async {
        let work = BackgroundWork()
        #expect(work.submit(ann, .run) {})
        #expect(!work.submit(ann, .run) {})
        #expect(work.submit(ann, .question) {})
        #expect(!work.isIdle)
        work.stop()
        await work.run()
        #expect(work.isIdle)
    }

    /// Whoever brings it does it otherwise then: a session that is to be ended is ended at once.
    @Test func whatComesAfterTheEndIsRefused() async {
        let work = BackgroundWork()
        work.stop()
        #expect(!work.submit(ann, .run) { Issue.record("it was done") })
        #expect(work.isIdle)
        await work.run()
    }
}
