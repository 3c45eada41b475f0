// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore
import Synchronization

/// The folders that one run brings mail to, each opened, and made where it is missing, when its first message comes.
///
/// There may be thousands: only the latest is kept open.
final class TargetFolders: Sendable {
    typealias Opened = (place: MaildirPlace, device: DeviceSync)

    private struct State: Sendable {
        var latest: (number: Int, tmp: Directory)?
        /// Of those that have been opened.
        var places: [Int: MailboxPlace] = [:]
        /// Kept from before the first write until after the last.
        var devices: [UInt64: DeviceSync] = [:]
        /// What letters mean in names of the folder's messages.
        var keywords: [Int: KeywordFile] = [:]
    }

    /// Where the mailbox itself is.
    let inbox: MailboxPlace
    /// The threads of the mailbox's file system.
    let pool: FilePool
    private let names: [FolderName]
    private let open: @Sendable (FolderName) throws(FileError) -> Opened
    private let state: Mutex<State>

    /// - Parameter names: by the number of the source's folder; the last one also serves all further numbers.
    init(
        _ names: [FolderName], inbox: MaildirPlace, device: DeviceSync,
        open: @escaping @Sendable (FolderName) throws(FileError) -> Opened
    ) {
        self.names = names
        self.inbox = inbox.place
        pool = device.pool
        self.open = open
        var state = State(devices: [inbox.tmp.device: device])
        for (number, name) in names.enumerated() where name == .inbox { state.places[number] = inbox.place }
        self.state = Mutex(state)
    }

    private func number(_ folder: Int) -> Int { min(folder, names.count - 1) }

    /// The place of a folder whose first message has come.
    func place(of folder: Int) -> MailboxPlace { state.withLock { $0.places[number(folder)] } ?? inbox }

    /// Where messages of a folder are staged; blocks.
    func tmp(of folder: Int) throws(FileError) -> Directory {
        let number = number(folder)
        if let latest = state.withLock({ $0.latest }), latest.number == number { return latest.tmp }
        let (place, device) = try open(names[number])
        state.withLock { state in
            state.latest = (number, place.tmp)
            state.places[number] = place.place
            state.devices[place.tmp.device] = device
        }
        return place.tmp
    }

    /// The names of keywords in a folder; blocks where they have not been read yet.
    func keywords(of folder: Int, adding words: Set<String>) throws(FileError) -> KeywordFile {
        let number = number(folder)
        let known = state.withLock { $0.keywords[number] }
        if let known, words.allSatisfy({ known.letter(of: $0) != nil }) || known.isFull { return known }
        let file = try KeywordFile(in: place(of: folder), adding: words)
        state.withLock { $0.keywords[number] = file }
        return file
    }

    /// The letters of a message's keywords, in their order.
    func letters(of keywords: [String], in folder: Int) -> String {
        guard !keywords.isEmpty else { return "" }
        let file = state.withLock { $0.keywords[number(folder)] }
        return String(Set(keywords.compactMap { file?.letter(of: $0) }).sorted())
    }
}
