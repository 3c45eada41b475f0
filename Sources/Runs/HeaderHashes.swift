// SPDX-License-Identifier: Apache-2.0

import Secrets
import Synchronization
import Vocabulary

/// A run's intake, which remembers a hash of each message's header by message number: where unique-ids are useless, a
/// message is recognised by it without being fetched again (`TOP`, RFC 1939 §7).
final class HeaderHashes: MessageSink {
    private struct State {
        var hashes: [Int: UInt64] = [:]
        var number = 0
        var header: [UInt8] = []
        /// Whether the header has ended, or has grown too long to be one.
        var isOver = true
    }

    private let sink: any MessageSink
    private let hash: KeyedHash
    private let isWanted: @Sendable (ListedMessage) -> Bool
    private let state = Mutex(State())

    private static let longest = 256 << 10

    init(_ sink: any MessageSink, hash: KeyedHash, where isWanted: @escaping @Sendable (ListedMessage) -> Bool) {
        self.sink = sink
        self.hash = hash
        self.isWanted = isWanted
    }

    /// Returns, and forgets, the hash of a message that has ended.
    func take(_ number: Int) -> UInt64? { state.withLock { $0.hashes.removeValue(forKey: number) } }

    // MARK: MessageSink

    var isFull: Bool { sink.isFull }

    func whenReady(_ resume: @escaping @Sendable () -> Void) { sink.whenReady(resume) }

    func begin(_ message: ListedMessage) {
        let isWanted = isWanted(message)
        state.withLock { state in
            state.isOver = !isWanted
            state.number = message.number
            state.header = []
        }
        sink.begin(message)
    }

    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        sink.append(upTo: count) { room in
            let count = fill(room)
            look(at: UnsafeRawBufferPointer(rebasing: room[..<count]))
            return count
        }
    }

    private func look(at octets: UnsafeRawBufferPointer) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.header += octets.prefix(Self.longest)
            state.isOver = state.header.count > Self.longest || Self.length(of: state.header) != nil
        }
    }

    func end() {
        state.withLock { state in
            guard !state.header.isEmpty else { return }
            state.hashes[state.number] = Self.hash(of: state.header, hash)
            state.header = []
            state.isOver = true
        }
        sink.end()
    }

    func flush() { sink.flush() }

    func abandon() {
        state.withLock { state in
            state.header = []
            state.isOver = true
        }
        sink.abandon()
    }

    // MARK: The hash

    /// Hashes the header at the start of `message`, whose lines end in LF. The fields that mbox servers rewrite while
    /// mail lies there are left out, and the order of fields does not matter.
    static func hash(of message: [UInt8], _ hash: KeyedHash) -> UInt64 {
        let header = message.prefix(length(of: message) ?? message.count)
        var kept: [UInt8] = []
        kept.reserveCapacity(header.count)
        var isRewritten = false
        for line in header.split(separator: 10, omittingEmptySubsequences: true) {
            if line.first != 32, line.first != 9 {
                let name = line.prefix { $0 != UInt8(ascii: ":") }.map { $0 | 0x20 }
                isRewritten = rewritten.contains { $0.elementsEqual(name) }
            }
            guard !isRewritten else { continue }
            kept += line
            kept.append(10)
        }
        return hash(kept)
    }

    private static let rewritten = ["status", "x-status", "x-uid", "x-uidl", "x-imapbase", "x-keywords"].map {
        $0.utf8.map { $0 | 0x20 }
    }

    /// The header's length, up to the empty line; nil if there is none.
    private static func length(of message: [UInt8]) -> Int? {
        if message.first == 10 { return 0 }
        guard message.count > 1 else { return nil }
        for index in 1..<message.count where message[index] == 10 && message[index - 1] == 10 { return index }
        return nil
    }
}
