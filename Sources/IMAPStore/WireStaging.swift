// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore
import MessageContent
import MessageIntake
import Vocabulary

/// Writes slabs into the spool, as messages go over the wire: lines ended by CRLF. Used by one job at a time.
///
/// What a message is known by is its content without CRs: servers are known that store lines that end in CR CR LF with one
/// less, and such a message has to be known again.
struct WireStaging {
    private let spool: Spool
    private let run: String
    private var number = 0
    private var scan: MessageScan
    private var file: SpoolFile?
    /// Where the next octets go, and where those begin that are not written yet.
    private var position = 0
    private var unwritten: [UInt8] = []
    private var current: Current?

    private struct Current {
        var message: ListedMessage
        var start: Int
        /// Octets added by the store that are still to come, and how many there are in all.
        var addedToCome: Int
        var added: Int
        /// As received, lines ended by LF, without what the store added.
        var octets = 0
        var hasReturns = false
    }

    private static let piece = 256 << 10

    /// - Parameter run: what handles begin with; never used again.
    init(spool: Spool, run: String, key: ContentKey) {
        (self.spool, self.run) = (spool, run)
        scan = MessageScan(key: key)
        unwritten.reserveCapacity(Self.piece + 4096)
    }

    /// Writes out `slab`. Appends completed messages to `staged`, even if a later message fails.
    mutating func write(
        _ slab: Slab, into staged: inout [(message: StagedMessage, spooled: SpooledMessage)]
    ) throws(MailStoreError) {
        do throws(MailStoreError) {
            let octets = slab.octets
            var done = 0
            for mark in slab.marks {
                try append(octets[done..<mark.offset])
                done = mark.offset
                switch mark.kind {
                case .begin(let message, let added): try begin(message, added: added)
                case .end:
                    if let message = try end() { staged.append(message) }
                case .abandon: abandon()
                }
            }
            try append(octets[done...])
            try flush()
        } catch {
            abandon()
            throw error
        }
    }

    private mutating func begin(_ message: ListedMessage, added: Int) throws(MailStoreError) {
        abandon()
        if file == nil || position >= Spool.fileSize {
            try flush()
            file = try spool.file()
            position = 0
        }
        current = Current(message: message, start: position, addedToCome: added, added: added)
        scan.reset()
    }

    private mutating func append(_ octets: Slice<UnsafeRawBufferPointer>) throws(MailStoreError) {
        guard !octets.isEmpty, var message = current else { return }
        let all = UnsafeRawBufferPointer(rebasing: octets)
        let added = min(message.addedToCome, all.count)
        let own = UnsafeRawBufferPointer(rebasing: all[added...])
        message.addedToCome -= added
        message.octets += own.count
        if !message.hasReturns, let base = own.baseAddress { message.hasReturns = memchr(base, 13, own.count) != nil }
        current = message
        scan.append(own)
        var rest = all
        while !rest.isEmpty {
            let line = Self.line(rest)
            unwritten.append(contentsOf: line.text)
            position += line.text.count
            if line.isEnded {
                unwritten.append(13)
                unwritten.append(10)
                position += 2
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(line.text.count + (line.isEnded ? 1 : 0))...])
            if unwritten.count >= Self.piece { try flush() }
        }
    }

    /// Up to the next LF, or a piece's worth.
    private static func line(_ octets: UnsafeRawBufferPointer) -> (text: UnsafeRawBufferPointer, isEnded: Bool) {
        let most = min(octets.count, piece)
        guard let base = octets.baseAddress, let found = memchr(base, 10, most) else {
            return (UnsafeRawBufferPointer(rebasing: octets[..<most]), false)
        }
        return (UnsafeRawBufferPointer(rebasing: octets[..<(UnsafeRawPointer(found) - base)]), true)
    }

    private mutating func flush() throws(MailStoreError) {
        guard !unwritten.isEmpty, let file else { return }
        let start = position - unwritten.count
        var failure: MailStoreError?
        unwritten.withUnsafeBytes { octets in
            do throws(MailStoreError) { try file.write(octets, at: start) } catch { failure = error }
        }
        if let failure { throw failure }
        unwritten.removeAll(keepingCapacity: true)
    }

    private mutating func end() throws(MailStoreError) -> (message: StagedMessage, spooled: SpooledMessage)? {
        guard let message = current, let file else { return nil }
        // IMAP has no message without octets.
        if position == message.start {
            unwritten += [13, 10]
            position += 2
        }
        var (content, arrival) = scan.finish()
        if message.hasReturns { content = try plainContent(message, in: file) }
        current = nil
        number += 1
        return (
            StagedMessage(
                message: message.message, handle: "\(run)-\(number)", octets: message.octets, content: content),
            SpooledMessage(
                file: file, offset: message.start, octets: position - message.start,
                arrival: KeptTime.of(told: message.message.date, stated: arrival, now: Int64(time(nil))))
        )
    }

    /// Reads the message again without its CRs: few have any but those of line ends.
    private mutating func plainContent(_ message: Current, in file: SpoolFile) throws(MailStoreError) -> ContentHash {
        try flush()
        scan.reset()
        var room = [UInt8](repeating: 0, count: Self.piece)
        // What was added has an LF for each of its lines; on the wire, a CR more.
        var at = message.start + (message.added > 0 ? message.added + 1 : 0)
        while at < position {
            let most = min(room.count, position - at)
            var found: Result<Int, MailStoreError> = .success(0)
            room.withUnsafeMutableBytes { room in
                let room = UnsafeMutableRawBufferPointer(rebasing: room[..<most])
                do throws(MailStoreError) {
                    found = .success(try file.read(into: room, at: at))
                } catch {
                    found = .failure(error)
                }
            }
            let count = try found.get()
            guard count > 0 else { break }
            room[..<count].filter { $0 != 13 }.withUnsafeBytes { scan.append($0) }
            at += count
        }
        return scan.finish().content
    }

    /// Forgets the message being written; the next takes its room.
    mutating func abandon() {
        guard let message = current else { return }
        current = nil
        unwritten.removeLast(min(unwritten.count, position - message.start))
        position = message.start
    }
}
