// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MessageContent
import NIOCore
import Synchronization
import Vocabulary

/// What a folder shows of the mail that came after a watermark.
enum NewMail: Sendable {
    /// There is no such folder.
    case noFolder
    /// Its UIDs mean other messages by now, or it has lost some.
    case renumbered
    /// - Parameters:
    ///   - vanished: how many messages have come after the watermark and gone since.
    case found([ContentHash: Int], upTo: Watermark, vanished: Int)
}

extension MailboxLine {
    /// What a command asks for at most.
    private static let mostMessages = 64
    private static let mostOctets = 32 << 20

    struct Entry: Hashable, Sendable {
        var uid: UInt32
        var octets: Int
    }

    /// Looks for mail that came after a watermark: first among messages of the sizes that are wanted, then, as servers
    /// are known that do not tell sizes right, among all.
    func newMail(
        in folder: MailboxName, after watermark: Watermark, _ wanted: WantedMail, _ key: ContentKey
    ) async throws(WireFailure) -> NewMail {
        guard let opened = try await examine(folder) else { return .noFolder }
        // UIDNEXT never falls (RFC 3501 §2.3.1.1), unless the platform was put back to a backup.
        guard opened.watermark.validity == watermark.validity,
            !opened.tellsNext || opened.watermark.next >= watermark.next
        else { return .renumbered }
        let entries = try await entries(from: watermark.next)
        let next = max(opened.watermark.next, (entries.map(\.uid).max() ?? 0) &+ 1, watermark.next)
        let upTo = Watermark(validity: watermark.validity, next: next)
        let vanished = max(0, Int(next - watermark.next) - entries.count)
        var found: [ContentHash: Int] = [:]
        let likely = entries.filter { wanted.sizes.contains($0.octets) }
        let others = entries.filter { !wanted.sizes.contains($0.octets) }
        for piece in Self.pieces(likely) + Self.pieces(others) {
            if wanted.isFound(in: found) { break }
            for (content, _) in try await contents(of: piece, key) {
                found[content, default: 0] += 1
            }
        }
        return .found(found, upTo: upTo, vanished: vanished)
    }

    /// The messages of the open folder from a UID on.
    func entries(from uid: UInt32) async throws(WireFailure) -> [Entry] {
        let heard = Heard([UInt32: Int]())
        let answer = try await step { () async throws(WireFailure) in
            try await wire.perform(.fetch(.from(uid), [.uid, .octets], changedSince: nil)) { response in
                guard case .fetched(let fetched) = response, let found = fetched.uid, found >= uid else { return }
                heard.change { entries in
                    entries[found] = fetched.octets.map { Int(clamping: $0) } ?? entries[found] ?? 0
                }
            }
        }
        guard answer.condition.kind == .ok else {
            throw WireFailure(refused: answer.condition, "does not list its messages")
        }
        return heard.value.map { Entry(uid: $0.key, octets: $0.value) }.sorted { $0.uid < $1.uid }
    }

    static func pieces(_ entries: [Entry]) -> [[Entry]] {
        var pieces: [[Entry]] = []
        var octets = 0
        for entry in entries {
            if pieces.isEmpty || pieces[pieces.count - 1].count >= mostMessages || octets >= mostOctets {
                pieces.append([])
                octets = 0
            }
            pieces[pieces.count - 1].append(entry)
            octets += entry.octets
        }
        return pieces
    }

    /// The contents of messages of the open folder, and their octets; of those that are still there.
    func contents(
        of entries: [Entry], _ key: ContentKey
    ) async throws(WireFailure) -> [(content: ContentHash, octets: Int)] {
        var all: [(ContentHash, Int)] = []
        for uids in UIDSet(entries.map(\.uid)).pieces() {
            let reading = Reading(key)
            let answer = try await step { () async throws(WireFailure) in
                try await wire.read(.fetch(uids, [.uid, .message], changedSince: nil)) { reading.hear($0) }
            }
            guard answer.condition.kind == .ok else {
                throw WireFailure(refused: answer.condition, "does not give its messages")
            }
            all += reading.contents
        }
        return all
    }
}

/// Messages as they come, of which the contents alone are kept.
final class Reading: Sendable {
    private struct State {
        var scan: MessageScan
        var octets = 0
        /// Of the text that has come, until the message is known that it belongs to.
        var latest: (ContentHash, Int)?
        var contents: [UInt32: (ContentHash, Int)] = [:]

        mutating func begin() {
            scan.reset()
            (octets, latest) = (0, nil)
        }

        /// Without CRs, as it was hashed when it was staged.
        mutating func take(_ slice: ByteBuffer) {
            slice.withUnsafeReadableBytes { text in
                var rest = text
                while !rest.isEmpty {
                    let line = rest.firstIndex(of: 13).map { UnsafeRawBufferPointer(rebasing: rest[..<$0]) } ?? rest
                    scan.append(line)
                    octets += line.count
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(line.count + 1))
                }
            }
        }

        mutating func end() { latest = (scan.finish().content, octets) }
    }

    private let state: Mutex<State>

    init(_ key: ContentKey) { state = Mutex(State(scan: MessageScan(key: key))) }

    var contents: [(ContentHash, Int)] { state.withLock { $0.contents.sorted { $0.key < $1.key }.map(\.value) } }

    func hear(_ event: ProtocolMachine.Event) {
        state.withLock { state in
            switch event {
            case .bodyBegan: state.begin()
            case .body(let slice): state.take(slice)
            case .bodyEnded: state.end()
            case .response(.fetched(let fetched)):
                guard let uid = fetched.uid, let body = fetched.bodies.last else { return }
                if case .inline(let octets) = body.content {
                    state.begin()
                    state.take(ByteBuffer(bytes: octets))
                    state.end()
                }
                if let latest = state.latest { state.contents[uid] = latest }
                state.latest = nil
            default: break
            }
        }
    }
}
