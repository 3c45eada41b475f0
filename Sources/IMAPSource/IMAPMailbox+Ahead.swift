// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailSource
import Vocabulary
import Waiting

/// Many folders, each opened and listed before all is told of the one before.
extension IMAPMailbox {
    func list(_ folders: [SourceFolder], ahead: Bool) async throws(SourceError) -> [ListedMessage] {
        guard ahead, folders.count > 1 else { return try await listInTurn(folders) }
        var messages: [ListedMessage] = []
        var rest = folders[...]
        while !rest.isEmpty {
            let part = Self.next(of: rest)
            rest = rest.dropFirst(part.count)
            let found = try await during(.listing) { () async throws(WireFailure) in try await lookAhead(part) }
            for (folder, look) in zip(part, found) {
                guard let look else {
                    messages += try await list(folder)
                    continue
                }
                state.withLock { $0.validities[folder.number] = look.validity }
                messages += await enter(look.listing, in: folder, hasIDs: true)
            }
        }
        return messages
    }

    /// Until all of them are listed, this many messages wait to be told apart.
    private static let mostMessages = 100_000

    /// Those that are looked at together: at least one.
    private static func next(of folders: ArraySlice<SourceFolder>) -> [SourceFolder] {
        var messages = 0
        let part = folders.prefix(mostAhead / 2).prefix { folder in
            messages = messages.addingSaturated(folder.messages)
            return messages <= mostMessages
        }
        return Array(part.isEmpty ? folders.prefix(1) : part)
    }

    /// Opens each folder and lists its messages, all ahead of the answers; nil for what has to be looked at again, for the
    /// server has left something out, or does not number messages lastingly, or shows mail there that does not move.
    private func lookAhead(
        _ folders: [SourceFolder]
    ) async throws(WireFailure) -> [(validity: UInt32, listing: FolderListing)?] {
        struct Look {
            var opened: OpenedFolder
            var listing = FolderListing(messages: 0)
        }
        let names = state.withLock { state in
            folders.map { folder -> MailboxName? in
                guard state.folders.indices.contains(folder.number), state.folders[folder.number].refusal == nil,
                    // What is excluded is told from the rest by more commands.
                    !folder.showsOthers || state.excluded.isEmpty
                else { return nil }
                return state.folders[folder.number].plan.listed.name
            }
        }
        let places = folders.indices.filter { names[$0] != nil }
        let heard = Collected(places.map { Look(opened: OpenedFolder(names[$0] ?? .inbox)) })
        let commands = places.flatMap { place in
            // Of an empty folder, RFC 3501 has no set of messages.
            [
                Command.examine(names[place] ?? .inbox, nil),
                folders[place].messages == 0 ? .noop : .fetch(.from(1), Self.attributes, changedSince: nil),
            ]
        }
        state.withLock { $0.open = nil }
        let answers = try await wire.perform(commands, ahead: true) { answered, response in
            heard.change { looks in
                guard looks.indices.contains(answered / 2) else { return }
                looks[answered / 2].opened.hear(response)
                if !answered.isMultiple(of: 2) { looks[answered / 2].listing.hear(response) }
            }
        }
        var found: [(validity: UInt32, listing: FolderListing)?] = folders.map { _ in nil }
        for (index, (place, look)) in zip(places, heard.take([])).enumerated() {
            let (opening, rest) = (answers[2 * index].condition, answers[2 * index + 1].condition)
            var opened = look.opened
            opened.learn(opening.code)
            guard opening.kind == .ok, rest.kind == .ok, opened.hasLastingIDs,
                opened.validity == folders[place].validity, !look.listing.hasTooMany
            else { continue }
            let listing = await ListingThread.run(of: opened.messages) {
                var listing = look.listing
                listing.join()
                return listing
            }
            if listing.isComplete(of: opened.messages) { found[place] = (opened.validity, listing) }
        }
        return found
    }
}
