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

    @Test func aFolderIsPassedOverTheSecondTimeInARow() {
        var blocks = StumblingBlocks()
        var isLeftOut = [
            SourceError.Topic.folder(["A"]), .folder(["B"]), .folder(["A"]), .folder(["A"]), .folder(["B"]),
        ].map { blocks.add(error($0, at: .listing)) }
        #expect(isLeftOut == [false, false, false, true, false])
        #expect(rules(blocks).passedOver == [["A"]: "hung up"] && rules(blocks).asksNamespaces)
        _ = blocks.add(error(nil, at: .fetch))
        isLeftOut = [blocks.add(error(.folder(["B"]), at: .listing))]
        #expect(isLeftOut == [false], "mail has come meanwhile")
    }

    @Test func whereItIsNotCertainWhichFolderItIsTheyAreAskedAboutOneByOne() {
        var blocks = StumblingBlocks()
        let isLeftOut = blocks.add(error(nil))
        #expect(!isLeftOut && blocks.isCareful && rules(blocks).asksOneByOne && rules(blocks).passedOver.isEmpty)
    }

    @Test func aServerThatStumblesAtEachFolderIsNotTriedForEver() {
        var blocks = StumblingBlocks()
        for number in 1...5 {
            for _ in 1...2 { _ = blocks.add(error(.folder(["\(number)"]))) }
        }
        for _ in 1...2 {
            let isLeftOut = blocks.add(error(.folder(["6"])))
            #expect(!isLeftOut && rules(blocks).passedOver.count == 5)
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
