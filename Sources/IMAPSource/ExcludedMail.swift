// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailSource
import NIOCore
import Synchronization
import Vocabulary

/// Mail in folders that do not move: a folder that shows all mail shows it, too, and it must not move from there either.
///
/// Which of the messages shown are in such a folder is told by the server's own names for messages, where it has any (RFC
/// 8474 §5.1, Gmail's `X-GM-MSGID`); else by size and date, and then by the whole header.
struct ExcludedMail: Sendable {
    /// By which a message that two folders list is likely to be the same.
    struct Looks: Hashable, Sendable {
        var octets: UInt64
        var seconds: UInt32

        /// nil where too little is known of the message.
        init?(_ entry: FolderListing.Entry) {
            guard let octets = entry.octets, entry.seconds != 0 else { return nil }
            (self.octets, seconds) = (octets, entry.seconds)
        }
    }

    /// What the server calls its messages.
    fileprivate var names: Set<[UInt8]> = []
    /// Where messages are that it has no names for.
    fileprivate var places: [Looks: [MailboxName: [UInt32]]] = [:]

    var isEmpty: Bool { names.isEmpty && places.isEmpty }
}

extension IMAPMailbox {
    /// How the server names messages, whatever folders they are in.
    private var naming: Command.FetchItem? {
        capabilities.has("X-GM-EXT-1") ? .gmailMessageID : capabilities.has("OBJECTID") ? .emailID : nil
    }

    /// Reads what is in the folders that do not move. A folder that cannot be opened holds nothing that could be told.
    func excludedMail() async throws(WireFailure) -> ExcludedMail {
        var excluded = ExcludedMail()
        for name in state.withLock({ $0.excluded }) {
            let (answer, opened) = try await examine(name)
            guard answer.condition.kind == .ok else {
                // Waiting may help; then its mail is not taken for mail that moves.
                if answer.condition.tellsOfFault { throw WireFailure(busy: answer.condition) }
                continue
            }
            state.withLock { $0.open = opened }
            guard opened.messages > 0 else { continue }
            if let names = try await names(of: .from(1)) {
                excluded.names.formUnion(names.values)
                continue
            }
            let listing = try await fetched(.from(1), into: FolderListing(messages: opened.messages))
            for entry in listing.messageEntries {
                guard let looks = ExcludedMail.Looks(entry) else { continue }
                excluded.places[looks, default: [:]][name, default: []].append(entry.uid)
            }
        }
        return excluded
    }

    /// Which of the open folder's messages are in folders that do not move.
    func shown(_ listing: FolderListing, of excluded: ExcludedMail) async throws(WireFailure) -> UIDSet {
        guard !excluded.isEmpty else { return UIDSet() }
        var shown = UIDSet()
        if !excluded.names.isEmpty, let names = try await names(of: .from(1)) {
            shown = UIDSet(names.lazy.filter { excluded.names.contains($0.value) }.map(\.key))
        }
        guard !excluded.places.isEmpty else { return shown }
        let likely = listing.messageEntries.filter { entry in
            ExcludedMail.Looks(entry).map { excluded.places[$0] != nil } ?? false
        }
        guard !likely.isEmpty else { return shown }
        let headers = try await headers(of: UIDSet(likely.map(\.uid)))
        var wanted: [MailboxName: [UInt32]] = [:]
        for looks in Set(likely.compactMap { ExcludedMail.Looks($0) }) {
            for (name, uids) in excluded.places[looks] ?? [:] { wanted[name, default: []] += uids }
        }
        var there: Set<Int> = []
        for (name, uids) in wanted {
            let (answer, opened) = try await examine(name)
            guard answer.condition.kind == .ok else { continue }
            state.withLock { $0.open = opened }
            there.formUnion(try await self.headers(of: UIDSet(uids)).values)
        }
        return shown.union(UIDSet(headers.lazy.filter { there.contains($0.value) }.map(\.key)))
    }

    /// What the server calls messages of the open folder; nil where it has no names for them.
    private func names(of uids: UIDSet) async throws(WireFailure) -> [UInt32: [UInt8]]? {
        guard let naming else { return nil }
        let heard = Collected([UInt32: [UInt8]]())
        let answer = try await wire.perform(.fetch(uids, [.uid, naming], changedSince: nil)) { response in
            guard case .fetched(let fetched) = response, let uid = fetched.uid, let name = fetched.messageName else {
                return
            }
            heard.change { if $0.count < FolderListing.mostMessages { $0[uid] = name } }
        }
        guard answer.condition.kind == .ok, !heard.value.isEmpty else { return nil }
        return heard.value
    }

    /// Hashes of headers of the open folder's messages, as they mean something in this process.
    private func headers(of uids: UIDSet) async throws(WireFailure) -> [UInt32: Int] {
        let heard = HeaderReading()
        for piece in uids.pieces() {
            let answer = try await wire.read(.fetch(piece, [.uid, .header], changedSince: nil)) { heard.hear($0) }
            try expectOK(answer, "give headers (UID FETCH)")
        }
        return heard.hashes
    }
}

/// Headers as they come, of which hashes are kept, under a key of this process.
private final class HeaderReading: Sendable {
    private struct State {
        var hasher = Hasher()
        /// Of the text that has come, until the message is known that it belongs to.
        var latest: Int?
        var hashes: [UInt32: Int] = [:]
    }

    private let state = Mutex(State())

    var hashes: [UInt32: Int] { state.withLock { $0.hashes } }

    func hear(_ event: ProtocolMachine.Event) {
        state.withLock { state in
            switch event {
            case .bodyBegan: state.hasher = Hasher()
            case .body(let slice): slice.withUnsafeReadableBytes { state.hasher.combine(bytes: $0) }
            case .bodyEnded: state.latest = state.hasher.finalize()
            case .response(.fetched(let fetched)):
                guard let uid = fetched.uid, let body = fetched.bodies.last else { return }
                if case .inline(let octets) = body.content {
                    var hasher = Hasher()
                    octets.withUnsafeBytes { hasher.combine(bytes: $0) }
                    state.latest = hasher.finalize()
                }
                if let latest = state.latest { state.hashes[uid] = latest }
                state.latest = nil
            default: break
            }
        }
    }
}
