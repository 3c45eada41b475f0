// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailStore
import Support
import Synchronization
import Testing
import Vocabulary

@testable import MaildirStore

@Suite struct WriterTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: [1, 100, 65536, 1_000_000])
    func whatArrivesIsWhatWasSentByteForByte(pieces: Int) async throws {
        let messages = oddMessages(pieces == 1 ? 40 : 300)
        let staged = try await scratch.store().deliver(messages, pieces: pieces)
        #expect(staged.map(\.message.number) == Array(1...messages.count))
        #expect(staged.map(\.octets) == messages.map(\.count))
        #expect(try scratch.names("tmp") == [])
        for (message, octets) in zip(staged, messages) {
            let there = try scratch.octets("new/\(message.name)")
            #expect(there == octets, "message \(message.message.number)")
            let ends = there.indices.filter { there[$0] == 10 && ($0 == 0 || there[$0 - 1] != 13) }.count
            #expect(message.name.hasSuffix(",S=\(there.count),W=\(there.count + ends)"))
        }
    }

    @Test func nobodySeesAMessageBeforeItIsPublished() async throws {
        let store = try scratch.store()
        let (batch, staged) = try await store.stage(oddMessages(10))
        #expect(try scratch.names("new") == [])
        #expect(try scratch.names("tmp").count == 10)
        try await store.publish(batch)
        #expect(try scratch.names("new") == staged.map(\.name))
        try await store.publish(batch)
        #expect(try scratch.names("new") == staged.map(\.name))
    }

    /// Dovecot compares the leading digits, then those after M, then the rest.
    @Test func namesSortInTheOrderOfArrival() async throws {
        let messages = (0..<1200).map { Array("Subject: \($0)\n\n".utf8) }
        let staged = try await scratch.store().deliver(messages)
        func key(_ name: String) throws -> (Int, Int) {
            let match = try #require(try /^([0-9]+)\.M([0-9]{1,9})P[^.\/:]+\.mailmove,S=/.prefixMatch(in: name))
            return (try #require(Int(match.1)), try #require(Int(match.2)))
        }
        let keys = try staged.map { try key($0.name) }
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $0 < $1 })
        #expect(staged.map(\.name).sorted() == staged.map(\.name))
        #expect(Set(staged.map(\.name)).count == staged.count)
    }

    @Test func theUIDLComesFirstWhereItCanBeAHeaderField() async throws {
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(), intended: [])
        let octets = Array("X-UIDL: another\nSubject: x\n\nbody".utf8)
        let uidls: [[UInt8]?] = [
            Array("good!~".utf8), Array("with space".utf8), [], [0x7F], [0xE4], Array(repeating: 0x41, count: 2000),
            nil,
        ]
        for (index, uidl) in uidls.enumerated() {
            await writer.bring(
                ListedMessage(number: index, octets: nil, uniqueID: uidl.map { UniqueID(octets: $0) }), octets)
        }
        writer.finish()
        let staged = try await writer.all()
        for (index, message) in staged.enumerated() {
            let added = index == 0 ? Array("X-UIDL: good!~\n".utf8) : []
            #expect(try scratch.octets("tmp/\(MessageName.temporary(message.name))") == added + octets)
            #expect(message.octets == octets.count)
            let size = added.count + octets.count
            #expect(message.name.hasSuffix(",S=\(size),W=\(size + (index == 0 ? 4 : 3))"))
        }
        #expect(Set(staged.map(\.content)).count == 1)
    }

    @Test func aFirstLineThatLooksLikeAContinuationIsNotMadeOne() async throws {
        let messages = [" folded\n\nbody\n", "\tfolded\n", "\nno header\n", ""].map { Array($0.utf8) }
        let staged = try await scratch.store().deliver(messages, options: DeliveryOptions())
        let there = try staged.map { String(decoding: try scratch.octets("new/\($0.name)"), as: UTF8.self) }
        #expect(there == [" folded\n\nbody\n", "\tfolded\n", "X-UIDL: uidl-3\n\nno header\n", "X-UIDL: uidl-4\n"])
    }

    /// As a decoder does it, which may find nothing but a message's end in what has come.
    @Test(arguments: [1, 100, 300_000]) func octetsMayBePutWhereTheyBelong(pieces: Int) async throws {
        let messages = [" folded\n\nbody\n", "Subject: x\n\n\(String(repeating: "line\n", count: 150_000))", "", "x"]
        let writer = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [])
        for (index, text) in messages.enumerated() {
            writer.begin(listed(index + 1))
            writer.append(upTo: pieces) { _ in 0 }
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                if writer.isFull { await writer.ready() }
                writer.append(upTo: min(pieces, rest.count)) { room in
                    #expect(room.count >= 1024)
                    let piece = rest.prefix(min(max(pieces, 1000), room.count))
                    room.copyBytes(from: piece)
                    rest = rest.dropFirst(piece.count)
                    return piece.count
                }
            }
            writer.end()
        }
        writer.finish()
        let there = try await writer.all().map {
            String(decoding: try scratch.octets("tmp/\(MessageName.temporary($0.name))"), as: UTF8.self)
        }
        let expected = messages.enumerated().map { $0 == 0 ? $1 : "X-UIDL: uidl-\($0 + 1)\n\($1)" }
        #expect(there == expected)
    }

    @Test func markSeenDeliversAsRead() async throws {
        let options = DeliveryOptions(preserveUIDL: false, markSeen: .all)
        let staged = try await scratch.store().deliver(oddMessages(3), options: options)
        #expect(try scratch.names("new") == [])
        #expect(try scratch.names("cur") == staged.map { $0.name + ":2,S" })
    }

    @Test func aMessageThatIsAbandonedLeavesNothingBehind() async throws {
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(), intended: [])
        writer.begin(listed(1))
        writer.append(Array("half".utf8))
        writer.abandon()
        await writer.bring(listed(2), Array("whole\n".utf8))
        writer.begin(listed(3))
        for _ in 0..<100 {
            if writer.isFull { await writer.ready() }
            writer.append(Array(repeating: 65, count: 10000))
        }
        writer.abandon()
        writer.append(Array("between messages".utf8))
        writer.begin(listed(4))
        writer.append(Array("never ended".utf8))
        writer.finish()
        let staged = try await writer.all()
        #expect(staged.map(\.message.number) == [2])
        #expect(try scratch.names("tmp") == staged.map { MessageName.temporary($0.name) })
    }

    @Test func whatIsFlushedIsStagedWithoutWaitingForMore() async throws {
        let writer = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [])
        var staged = writer.staged.makeAsyncIterator()
        for number in 1...50 {
            await writer.bring(listed(number), Array("Subject: \(number)\n\n".utf8))
            writer.flush()
            #expect(try await staged.next()?.map(\.message.number) == [number])
        }
        writer.finish()
        #expect(try await staged.next() == nil)
    }

    @Test func aHugeMessageStreamsThroughTwoSlabs() async {
        // A process of its own: this one takes memory for other tests at the same time.
        await #expect(processExitsWith: .success) {
            let scratch = try Scratch()
            let writer = try await scratch.store().open(ann, options: DeliveryOptions(), intended: [])
            let piece = Array(repeating: UInt8(ascii: "z"), count: 65535) + [10]
            let before = residentOctets()
            writer.begin(listed(1))
            for _ in 0..<1600 {
                if writer.isFull { await writer.ready() }
                writer.append(piece)
            }
            writer.end()
            writer.finish()
            let staged = try await writer.all()
            #expect(staged.map(\.octets) == [1600 * 65536])
            #expect(residentOctets() - before < 100_000_000)
        }
    }

    @Test func aWriterThatIsDroppedClosesAndRemovesItsFile() async throws {
        let store = try scratch.store()
        func openFiles() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?
                    .hasPrefix(scratch.path) == true
            }.count
        }
        for _ in 0..<20 {
            let writer = try await store.open(ann, options: DeliveryOptions(), intended: [])
            writer.begin(listed(1))
            writer.append(Array(repeating: 65, count: 600_000))
            writer.flush()
        }
        // The drop is a job of the pool like any other; wait for the pool to have done it.
        for _ in 0..<500 where try openFiles() > 0 || !scratch.names("tmp").isEmpty {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try openFiles() == 0)
        #expect(try scratch.names("tmp") == [])
    }

    @Test func aReaderThatWaitsIsAlwaysWokenExactlyOnce() async throws {
        let store = try scratch.store()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 1...4 {
                group.addTask {
                    var random = Repeatable(state: UInt64(seed))
                    let options = DeliveryOptions(preserveUIDL: false, folders: [["Stress\(seed)"]])
                    let writer = try await store.open(ann, options: options, intended: [])
                    let calls = Mutex(0)
                    var waits = 0
                    let piece = Array(repeating: UInt8(ascii: "p"), count: 200_000)
                    for number in 1...400 {
                        writer.begin(listed(number))
                        writer.append(piece.prefix(Int.random(in: 0...200_000, using: &random)))
                        writer.end()
                        if Bool.random(using: &random) { writer.flush() }
                        if writer.isFull || number % 50 == 0 {
                            waits += 1
                            await withCheckedContinuation { continuation in
                                writer.whenReady {
                                    calls.withLock { $0 += 1 }
                                    continuation.resume()
                                }
                            }
                        }
                    }
                    writer.finish()
                    let staged = try await writer.all()
                    #expect(staged.map(\.message.number) == Array(1...400))
                    #expect(calls.withLock { $0 } == waits)
                    try await writer.discard(staged)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func discardedMessagesAreGoneAndMayBeDiscardedAgain() async throws {
        let store = try scratch.store()
        let writer = try await store.open(ann, options: DeliveryOptions(), intended: [])
        for number in 1...3 { await writer.bring(listed(number), Array("x\n".utf8)) }
        writer.finish()
        let staged = try await writer.all()
        try await writer.discard(Array(staged.prefix(2)))
        try await writer.discard(Array(staged.prefix(2)))
        #expect(try scratch.names("tmp") == [MessageName.temporary(staged[2].name)])
    }

    @Test func noMemoryIsSpentOnEmptyMessagesWithoutEnd() async throws {
        let writer = try await scratch.store().open(
            ann, options: DeliveryOptions(preserveUIDL: false), intended: [])
        for number in 1...10000 {
            if writer.isFull { await writer.ready() }
            writer.begin(listed(number))
            writer.end()
        }
        writer.finish()
        let staged = try await writer.all()
        #expect(staged.count == 10000)
        #expect(staged.allSatisfy { $0.octets == 0 && $0.name.hasSuffix(",S=0,W=0") })
        try await writer.discard(staged)
    }
}

func residentOctets() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}
