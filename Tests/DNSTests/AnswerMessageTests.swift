// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DNS

/// Octets that no name server should send.
@Suite struct AnswerMessageTests {
    /// One question and one MX record for it: `example.` MX 10 `mx.example.`
    private static let good: [UInt8] =
        [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + [7] + Array("example".utf8) + [0, 0, 15, 0, 1]
        + [0xC0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 7, 0, 10, 2] + Array("mx".utf8) + [0xC0, 12]

    @Test func aGoodMessageIsRead() throws {
        let answer = try AnswerMessage(Self.good).answer(.mx)
        #expect(answer.data == [.mailExchanger(.init(preference: 10, host: "mx.example"))])
        #expect(answer.aliases.isEmpty)
    }

    @Test func aMessageThatIsCutShortIsNone() {
        for count in 0..<Self.good.count {
            #expect(throws: AnswerMessage.Malformed.self) { try AnswerMessage(Array(Self.good.prefix(count))) }
        }
    }

    @Test(
        arguments: [
            ("to itself", 42, [0xC0, 42]), ("ahead", 42, [0xC0, 60]), ("to the end", 42, [0xFF, 0xFF]),
            ("of an unknown kind", 39, [0x82]), ("two questions", 4, [0, 2]), ("none", 4, [0, 0]),
            ("longer than the message", 36, [0xFF]), ("shorter than its name", 36, [4]),
        ] as [(String, Int, [UInt8])])
    func whatDoesNotAddUpIsRefused(_ name: String, _ place: Int, _ octets: [UInt8]) {
        var message = Self.good
        message.replaceSubrange(place..<min(message.count, place + octets.count), with: octets)
        #expect(throws: AnswerMessage.Malformed.self, "\(name)") { try AnswerMessage(message) }
    }

    @Test func anyOctetsAreReadOrRefused() {
        var numbers = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var message = Self.good
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                message[Int.random(in: 0..<message.count, using: &numbers)] = .random(in: 0...255, using: &numbers)
            }
            let answer = try? AnswerMessage(message).answer(.mx)
            for case .mailExchanger(let exchanger) in answer?.data ?? [] {
                #expect(exchanger.host.utf8.allSatisfy { (0x21...0x7E).contains($0) })
            }
        }
    }

    @Test func aLargestMessageOfPointersIsReadInBoundedTime() {
        // Every record's name is a chain of pointers as long as there may be.
        var message = Array(Self.good.prefix(12))
        message.replaceSubrange(6..<8, with: [0xFF, 0xFF])
        message += [0]
        for place in stride(from: 13, to: 13 + 200 * 2, by: 2) {
            let target = place == 13 ? 12 : place - 2
            message += [0xC0 | UInt8(target >> 8), UInt8(target & 0xFF)]
        }
        while message.count < 65_000 { message += [0xC0, 13 + 120 * 2 & 0xFF, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0] }
        _ = try? AnswerMessage(message)
    }
}
