// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import Vocabulary

@testable import POP3

/// How far ahead of the answers `RETR` is sent.
@Suite struct WindowTests {
    private func retrieval(_ count: Int, octets: Int?, window: Retrieval.Window = Retrieval.Window()) -> Retrieval {
        Retrieval(
            (1...count).map { ListedMessage(number: $0, octets: octets, uniqueID: nil) },
            pace: .pipelined(marker: "LIST"),
            window: window)
    }

    /// The numbers of the messages that are asked for now.
    private func sent(_ retrieval: inout Retrieval) -> [Int] {
        var octets = ByteBuffer()
        retrieval.send(into: &octets)
        return String(buffer: octets).split(separator: "\r\n").filter { $0.hasPrefix("RETR ") }
            .compactMap { Int($0.dropFirst("RETR ".count)) }
    }

    /// The next message comes, or is refused, and the answer that shows which it was.
    private func answer(_ retrieval: inout Retrieval, refusing: Bool = false) {
        guard case .message(let message)? = retrieval.first,
            let line = StatusLine(Array((refusing ? "-ERR" : "+OK \(message.number) 100").utf8))
        else {
            Issue.record("no message is waited for")
            return
        }
        if refusing { retrieval.refused(message) } else { retrieval.received() }
        let isConfirmed = retrieval.confirmed(by: line, message)
        #expect(isConfirmed)
        if !refusing { retrieval.retrieved() }
    }

    @Test func theWindowDoublesWithEachRoundTripUntilTheLineIsFull() {
        var retrieval = retrieval(10_000, octets: 100)
        var ahead = sent(&retrieval).count
        #expect(ahead == 64)
        var widths: [Int] = []
        for _ in 0..<6 {
            // A round trip: the answers to all that was ahead.
            var asked = 0
            for _ in 0..<ahead {
                answer(&retrieval)
                asked += sent(&retrieval).count
            }
            ahead = asked
            widths.append(asked)
        }
        #expect(zip(widths, widths.dropFirst()).allSatisfy { $0 <= $1 })
        #expect((512...1024).contains(widths.last ?? 0))
    }

    @Test func commandsAreWrittenByTheHalfWindow() {
        var retrieval = retrieval(1000, octets: 100, window: Retrieval.Window(messages: 64, mostMessages: 64))
        let asked1 = sent(&retrieval)
        #expect(asked1.count == 64)
        for _ in 0..<31 {
            answer(&retrieval)
            let asked2 = sent(&retrieval)
            #expect(asked2.isEmpty)
        }
        answer(&retrieval)
        let asked3 = sent(&retrieval)
        #expect(asked3 == Array(65...96))
    }

    @Test func octetsBoundTheWindowButNeverASingleMessage() {
        var large = retrieval(10, octets: 3 << 20)
        let asked4 = sent(&large)
        #expect(asked4 == [1])
        answer(&large)
        let asked5 = sent(&large)
        #expect(asked5 == [2])
        var small = retrieval(100, octets: 1 << 20)
        let asked6 = sent(&small)
        #expect(asked6 == [1, 2, 3, 4])
        answer(&small)
        let asked7 = sent(&small)
        #expect(asked7.isEmpty)
        answer(&small)
        let asked8 = sent(&small)
        #expect(asked8 == [5, 6])
    }

    @Test func everyMessageIsAskedForOnceAndInOrderWhateverIsRefused() {
        var retrieval = retrieval(500, octets: nil)
        var asked = sent(&retrieval)
        var answered = 0
        while case .message(let message)? = retrieval.first {
            answered += 1
            #expect(message.number == answered)
            answer(&retrieval, refusing: answered % 7 == 0)
            asked += sent(&retrieval)
        }
        #expect(asked == Array(1...500))
        #expect(retrieval.isDone)
        #expect(retrieval.outcome.refused.count == 71)
    }
}
