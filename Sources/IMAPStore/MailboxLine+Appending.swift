// SPDX-License-Identifier: Apache-2.0

import IMAP
import IMAPConnection
import MailSession
import MailStore
import Measures
import NIOCore
import Vocabulary
import Waiting

extension MailboxLine {
    /// Appends messages to a folder. What comes of it is the platform's answer, or nobody's knowledge.
    /// - Parameter octets: of the same messages, in their order.
    func append(
        _ messages: [Command.AppendedMessage], to folder: MailboxName, _ octets: SpooledOctets
    ) async throws(WireFailure) -> Condition {
        // Until the answer is here, nobody knows up to where the folder is known.
        state.withLock { $0.watermarks[folder] = nil }
        let start = ContinuousClock.now
        let answer = try await step { () async throws(WireFailure) in
            try await wire.append(.append(folder, messages), from: octets)
        }
        Measures.storeSyncs.record(.now - start)
        if answer.condition.kind == .ok, case .appended(let validity, let uids)? = answer.condition.code,
            uids.count == messages.count, let last = uids.last, last < .max
        {
            state.withLock { $0.watermarks[folder] = Watermark(validity: validity, next: last + 1) }
        }
        return answer.condition
    }
}

/// The octets of messages that wait in files.
final class SpooledOctets: MessageOctets {
    private let messages: [SpooledMessage]
    /// Of all messages, where they are few.
    private let read: [ByteBuffer]
    private let pool: WorkerPool
    private let isOurs: @Sendable () -> Bool

    var count: Int { messages.count }
    var mayBeSent: Bool { isOurs() }

    /// Reads all messages where they are small, so that no message has to be waited for.
    init(
        _ messages: [SpooledMessage], _ pool: WorkerPool, while isOurs: @escaping @Sendable () -> Bool
    ) async throws(MailStoreError) {
        self.messages = messages
        self.pool = pool
        self.isOurs = isOurs
        guard messages.reduce(0, { $0 + $1.octets }) <= IMAPBatch.mostOctets else {
            read = []
            return
        }
        let result: Result<[ByteBuffer], MailStoreError> = await pool.run {
            do throws(MailStoreError) {
                var buffers: [ByteBuffer] = []
                for message in messages { buffers.append(try Self.read(message, from: 0, count: message.octets)) }
                return .success(buffers)
            } catch {
                return .failure(error)
            }
        }
        read = try result.get()
    }

    /// Of each message, whether its header is more than ASCII.
    func areHeadersUTF8() async throws(MailStoreError) -> [Bool] {
        let messages = messages
        let result: Result<[Bool], MailStoreError> = await pool.run {
            do throws(MailStoreError) {
                var found: [Bool] = []
                for message in messages { found.append(try Self.isHeaderUTF8(of: message)) }
                return .success(found)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Blocks.
    private static func isHeaderUTF8(of message: SpooledMessage) throws(MailStoreError) -> Bool {
        var (offset, lineOctets) = (0, 0)
        while offset < message.octets {
            let piece = try read(message, from: offset, count: min(64 << 10, message.octets - offset))
            for octet in piece.readableBytesView {
                if octet >= 0x80 { return true }
                if octet == 10 {
                    // The empty line that ends the header.
                    if lineOctets == 0 { return false }
                    lineOctets = 0
                } else if octet != 13 {
                    lineOctets += 1
                }
            }
            offset += piece.readableBytes
        }
        return false
    }

    func read(
        _ message: Int, from offset: Int, count: Int,
        _ give: @escaping @Sendable (Result<ByteBuffer, any Error>) -> Void
    ) {
        if read.indices.contains(message) {
            let buffer = read[message]
            guard let slice = buffer.getSlice(at: buffer.readerIndex + offset, length: count) else {
                return give(.failure(Self.tooShort))
            }
            return give(.success(slice))
        }
        guard messages.indices.contains(message) else { return give(.failure(Self.tooShort)) }
        let spooled = messages[message]
        pool.submit { give(Result { try Self.read(spooled, from: offset, count: count) }) }
    }

    private static func read(
        _ message: SpooledMessage, from offset: Int, count: Int
    ) throws(MailStoreError) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        var found: Result<Int, MailStoreError> = .success(0)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            let room = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
            do throws(MailStoreError) {
                let octets = try message.file.read(into: room, at: message.offset + offset)
                found = .success(octets)
                return octets
            } catch {
                found = .failure(error)
                return 0
            }
        }
        guard try found.get() == count else { throw tooShort }
        return buffer
    }

    private static let tooShort = MailStoreError(
        code: .failed, detail: "a message that was staged here is cut short; see whether the disk is sound")
}
