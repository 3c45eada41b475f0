// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailSource
import Vocabulary

/// Messages as they are, and the end of those that are to go.
extension IMAPMailbox {
    private static let longestHeader = 4 << 20

    func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]? {
        try await during(.fetch) { () async throws(WireFailure) in
            guard try await opened(for: [message]), let wanted = uid(of: message) else { return nil }
            let text = try await wire.text(
                of: .fetch(UIDSet([wanted]), [.uid, .header], changedSince: nil), atMost: Self.longestHeader)
            guard text.condition.kind == .ok, text.uid == wanted, let octets = text.octets else { return nil }
            return LineEndDecoder.decode(octets)
        }
    }

    /// Opens the folder of these messages as it was when they were listed. False if the server does not let us in.
    private func opened(for messages: ArraySlice<ListedMessage>) async throws(WireFailure) -> Bool {
        guard let first = messages.first else { return true }
        let (isListed, folder, listed) = state.withLock { state in
            (
                messages.allSatisfy { state.uids.indices.contains($0.number - 1) },
                state.folders.indices.contains(first.folder) ? state.folders[first.folder] : nil,
                state.validities[first.folder]
            )
        }
        guard isListed, let folder else {
            throw WireFailure(code: .refused, message: "has not listed such a message in this session")
        }
        guard let opened = try await enter(folder.shown) else { return false }
        guard let listed, listed != opened.validity else { return true }
        // Courier gives a folder that nobody has ever selected another UIDVALIDITY each time, and the same UIDs.
        guard try await areStillThere(messages) else { throw numberedAnew(folder, listed, opened.validity) }
        state.withLock { $0.validities[first.folder] = opened.validity }
        return true
    }

    private func uid(of message: ListedMessage) -> UInt32? {
        state.withLock { $0.uids.indices.contains(message.number - 1) ? $0.uids[message.number - 1] : nil }
    }

    /// Whether these UIDs, under another UIDVALIDITY, have the sizes and dates that they were listed with.
    private func areStillThere(_ messages: ArraySlice<ListedMessage>) async throws(WireFailure) -> Bool {
        let uids = UIDSet(messages.compactMap { uid(of: $0) })
        var there: [UInt32: FolderListing.Entry] = [:]
        for piece in uids.pieces() {
            for entry in try await fetched(piece, into: FolderListing(messages: 0)).messageEntries {
                there[entry.uid] = entry
            }
        }
        return messages.allSatisfy { message in
            guard let entry = uid(of: message).flatMap({ there[$0] }), entry.isCertain else { return false }
            return entry.octets.map { Int(clamping: $0) } == message.octets && entry.date == message.date
        }
    }

    /// Under another UIDVALIDITY, the same UID may be another message.
    private func numberedAnew(_ folder: KnownFolder, _ listed: UInt32, _ now: UInt32) -> WireFailure {
        let path = state.withLock { $0.scrubber }.text(of: folder.plan.path.utf8)
        return WireFailure(
            code: .refused,
            message: "has numbered the messages of \(path) anew (UIDVALIDITY \(listed), now \(now))")
    }

    // MARK: - Fetching

    /// Beyond this many messages, the next folders are opened in turn again: what is wanted of them takes memory.
    private static let mostMessagesAhead = 20_000

    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError) {
        try await during(.fetch) { () async throws(WireFailure) in
            var rest = messages[...]
            while let first = rest.first {
                let part = rest.prefix { $0.folder == first.folder }
                guard try await opened(for: part) else {
                    let words = refusal(of: SourceFolder(number: first.folder, path: [], messages: 0)) ?? ""
                    for message in part { onRefusal(message, words) }
                    rest = rest[part.endIndex...]
                    continue
                }
                let end = try await retrieve(rest, into: sink, options, onRefusal)
                guard !end.isStopped else { return }
                rest = rest.dropFirst(end.settled)
            }
        }
    }

    /// Messages of the folder that is open; and of those behind it, as far as the server goes on to them.
    private func retrieve(
        _ messages: ArraySlice<ListedMessage>, into sink: any MessageSink, _ options: FetchOptions,
        _ onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(WireFailure) -> FolderRetrieval.End {
        let retrieval = retrieval(of: messages, options)
        let end = try await wire.retrieve(retrieval, into: sink) { [self] message, absence in
            switch absence {
            case .refused(let octets): onRefusal(message, words(of: octets))
            case .gone: state.withLock { _ = $0.vanished.insert(message.number) }
            }
        }
        state.withLock { state in
            if !options.oneByOne { state.pace = end.pace }
            // Which one is open now is not known by all that it has told.
            if end.hasMovedOn { state.open = nil }
            if end.isBrokenOff { state.opensAhead = false }
        }
        return end
    }

    private func retrieval(of messages: ArraySlice<ListedMessage>, _ options: FetchOptions) -> FolderRetrieval {
        state.withLock { state in
            let pace = options.oneByOne ? .oneByOne : state.pace
            var first: Retrieval?
            var folders: [FolderRetrieval.Folder] = []
            var rest = messages
            while let message = rest.first {
                let part = rest.prefix { $0.folder == message.folder }
                rest = rest[part.endIndex...]
                let wanted = part.compactMap { message in
                    state.uids.indices.contains(message.number - 1)
                        ? Retrieval.Wanted(message, uid: state.uids[message.number - 1]) : nil
                }
                let retrieval = Retrieval(
                    wanted, pace: pace, windowOctets: options.windowOctets, goesOn: options.goesOn)
                guard first != nil else {
                    first = retrieval
                    guard state.opensAhead, options.opensAhead, pace.isOfSets else { break }
                    continue
                }
                guard wanted.count == part.count, let validity = state.validities[message.folder], validity != 0,
                    state.folders.indices.contains(message.folder), state.folders[message.folder].refusal == nil,
                    part.endIndex - messages.startIndex <= Self.mostMessagesAhead
                else { break }
                folders.append(.init(state.folders[message.folder].plan.listed.name, validity: validity, retrieval))
            }
            return FolderRetrieval(
                first ?? Retrieval([], pace: pace, windowOctets: options.windowOctets), then: folders)
        }
    }

    // MARK: - Deleting

    /// Only remembered, so that a session that is dropped deletes nothing; but whether the folder may be changed is
    /// found out now.
    func delete(_ messages: [ListedMessage]) async throws(SourceError) -> Set<Int> {
        try await during(.delete) { () async throws(WireFailure) in
            // RFC 4315: without UID EXPUNGE, what others have marked as deleted would go, too.
            guard capabilities.uidPlus else { return Set(messages.map(\.number)) }
            var refused: Set<Int> = []
            for (number, part) in Dictionary(grouping: messages, by: \.folder).sorted(by: { $0.key < $1.key }) {
                guard try await opensForChanges(number) else {
                    refused.formUnion(part.map(\.number))
                    continue
                }
                state.withLock { state in
                    let uids = part.compactMap { message in
                        state.uids.indices.contains(message.number - 1) ? state.uids[message.number - 1] : nil
                    }
                    state.deletions[number, default: []] += uids
                }
            }
            return refused
        }
    }

    private func opensForChanges(_ number: Int) async throws(WireFailure) -> Bool {
        guard let folder = state.withLock({ $0.folders.indices.contains(number) ? $0.folders[number] : nil }) else {
            return false
        }
        let name = folder.plan.listed.name
        let (answer, opened) = try await open(.select(name, nil), OpenedFolder(name))
        guard answer.condition.kind == .ok, !opened.isReadOnly else { return false }
        if let listed = state.withLock({ $0.validities[number] }), listed != opened.validity {
            throw numberedAnew(folder, listed, opened.validity)
        }
        return true
    }

    /// True if everything that was to be deleted is.
    func deleteForGood() async throws(SourceError) -> Bool {
        let deletions = state.withLock { state in
            defer { state.deletions = [:] }
            return state.deletions
        }
        return try await during(.delete) { () async throws(WireFailure) in
            var areDeleted = true
            for (number, uids) in deletions.sorted(by: { $0.key < $1.key }) {
                guard try await opensForChanges(number) else {
                    areDeleted = false
                    continue
                }
                for piece in UIDSet(uids).pieces() {
                    let answer = try await wire.perform(.store(piece, .add, [.deleted]))
                    guard answer.condition.kind == .ok else {
                        areDeleted = false
                        continue
                    }
                    areDeleted = try await wire.perform(.expunge(piece)).condition.kind == .ok && areDeleted
                }
            }
            return areDeleted
        }
    }
}
