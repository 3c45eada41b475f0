// SPDX-License-Identifier: Apache-2.0

import MailSource
import Testing
import Vocabulary

@testable import Runs

@Suite struct StumblingBlocksTests {
    private func error(
        _ topic: SourceError.Topic?, _ code: SessionFault = .closed, at step: SourceError.Step = .folders
    ) -> SourceError {
        var error = SourceError(code: code, step: step, detail: "hung up")
        error.topic = topic
        return error
    }

    private func rules(_ blocks: StumblingBlocks) -> FolderRules {
        var rules = FolderRules()
        blocks.limit(&rules)
        return rules
    }

    @Test func aServerThatBearsNoQuestionForNamespacesIsNotAskedAgain() {
        for code in [SessionFault.closed, .timedOut, .protocolViolation] {
            var blocks = StumblingBlocks()
            let first = blocks.add(error(.namespaces, code))
            #expect(!first && rules(blocks).asksNamespaces, "it may have been the line")
            let second = blocks.add(error(.namespaces, code))
            #expect(second && !rules(blocks).asksNamespaces)
        }
    }

    @Test func aServerThatIsBusyIsAskedAgain() {
        var blocks = StumblingBlocks()
        for _ in 0..<5 {
            let isLeftOut = blocks.add(error(.namespaces, .throttled))
            #expect(!isLeftOut && rules(blocks).asksNamespaces)
        }
    }
}
