// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailSource

/// A folder of the session, and where it goes.
struct KnownFolder {
    var plan: FolderPlan.Folder
    var shown: SourceFolder
    /// Why it could not be opened.
    var refusal: String?
}

/// The folder that is open, as its EXAMINE or SELECT has told.
struct OpenedFolder: Sendable {
    let name: MailboxName
    var messages = 0
    /// 0 where the server gives none.
    var validity: UInt32 = 0
    var next: UInt32 = 0
    var changes: UInt64 = 0
    /// RFC 4315 §3: whether UIDs last.
    var isSticky = true
    var isReadOnly = false
    /// RFC 7162 §3.2.5.2
    var vanished = UIDSet()

    init(_ name: MailboxName) { self.name = name }

    /// Whether a UID means the same message in another session.
    var hasLastingIDs: Bool { isSticky && validity != 0 }

    mutating func hear(_ response: Response) {
        switch response {
        case .exists(let count): messages = Int(count)
        case .expunged: messages = max(0, messages - 1)
        case .vanished(let uids, earlier: true): vanished = uids
        case .condition(let condition): learn(condition.code)
        default: break
        }
    }

    mutating func learn(_ code: ResponseCode?) {
        switch code {
        case .uidValidity(let number): validity = number
        case .uidNext(let number): next = number
        case .highestModificationSequence(let number): changes = number
        case .noModificationSequences: changes = 0
        case .uidNotSticky: isSticky = false
        case .readOnly: isReadOnly = true
        default: break
        }
    }
}

extension IMAPMailbox {
    /// Opens a folder and changes nothing there.
    func examine(
        _ name: MailboxName, _ resynchronization: Command.Resynchronization? = nil
    ) async throws(WireFailure) -> (Answer, OpenedFolder) {
        try await open(.examine(name, resynchronization), OpenedFolder(name))
    }

    /// - Parameter command: an EXAMINE or a SELECT.
    func open(_ command: Command, _ folder: OpenedFolder) async throws(WireFailure) -> (Answer, OpenedFolder) {
        state.withLock { $0.open = nil }
        let heard = Collected(folder)
        let answer = try await wire.perform(command) { response in heard.change { $0.hear(response) } }
        var opened = heard.value
        opened.learn(answer.condition.code)
        return (answer, opened)
    }

    /// Switches an extension on (RFC 5161 §3.1: not while a folder is open). True if the server has.
    @discardableResult
    func enable(_ name: String) async throws(WireFailure) -> Bool {
        guard capabilities.enable || capabilities.has("UTF8=ONLY") else { return false }
        if state.withLock({ $0.open }) != nil {
            guard capabilities.unselect else { return false }
            state.withLock { $0.open = nil }
            _ = try await wire.perform(.unselect)
        }
        let enabled = Collected(false)
        _ = try await wire.perform(.enable([name])) { response in
            if case .enabled(let names) = response, names.contains(name) { enabled.change { $0 = true } }
        }
        return enabled.value
    }
}
