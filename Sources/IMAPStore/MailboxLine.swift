// SPDX-License-Identifier: Apache-2.0

import IMAP
import IMAPConnection
import MailSession
import MailStore
import NIOCore
import Synchronization
import Vocabulary
import Waiting

/// A connection to the platform, logged in to one account's mailbox. One call at a time. After a failure it is broken,
/// and every further call fails.
final class MailboxLine: Sendable {
    struct State: Sendable {
        var isBroken = false
        var isOver = false
        /// The folder that is open, for reading.
        var opened: MailboxName?
        /// What folders are called; nil until that was asked.
        var naming: FolderNaming?
        /// Up to where folders are known, by the server's last word on what it has taken.
        var watermarks: [MailboxName: Watermark] = [:]
        /// Whether it has been seen to take but one message at a time, whatever it announces.
        var takesOne = false
        /// How many messages in a row it has taken only without their keywords.
        var strippedMessages = 0
    }

    let account: EmailAddress
    let wire: SocketWire
    let capabilities: Capabilities
    /// Whether folders' names are in UTF-8 (RFC 6855).
    let isUTF8: Bool
    let state = Mutex(State())

    init(_ account: EmailAddress, _ wire: SocketWire, _ capabilities: Capabilities, isUTF8: Bool) {
        (self.account, self.wire, self.capabilities, self.isUTF8) = (account, wire, capabilities, isUTF8)
    }

    deinit {
        guard state.withLock({ !$0.isOver }) else { return }
        reportForgotten("a connection to the platform")
        wire.close()
    }

    var isBroken: Bool { state.withLock { $0.isBroken } }

    /// Whether it takes no message with keywords, whichever they are.
    var takesNoKeywords: Bool { state.withLock { $0.strippedMessages >= 3 } }

    /// Whether it takes several messages in one APPEND.
    var takesMany: Bool { capabilities.multiAppend && !state.withLock { $0.takesOne } }

    // MARK: Ends

    /// Says good-bye, for a moment at most.
    func leave() async {
        guard
            !state.withLock({ state in
                defer { (state.isOver, state.isBroken) = (true, true) }
                return state.isBroken
            })
        else { return await wire.closed() }
        _ = try? await withDeadline(seconds: 1) { try await self.wire.perform(.logout) }
        await wire.closed()
    }

    /// The same, and nobody waits for it.
    func leaveSoon() {
        state.withLock { ($0.isOver, $0.isBroken) = (true, true) }
        wire.leave()
    }

    func drop() {
        state.withLock { ($0.isOver, $0.isBroken) = (true, true) }
        wire.close()
    }

    /// Takes a step. A failure ends the line.
    func step<Value>(_ work: () async throws(WireFailure) -> Value) async throws(WireFailure) -> Value {
        do throws(WireFailure) {
            return try await work()
        } catch {
            drop()
            throw error
        }
    }

    // MARK: Folders

    /// What folders are called here: asked once.
    func naming() async throws(WireFailure) -> FolderNaming {
        if let naming = state.withLock({ $0.naming }) { return naming }
        var naming = FolderNaming(isUTF8: isUTF8)
        if capabilities.namespace {
            let heard = Heard(Namespaces?.none)
            let answer = try await step { () async throws(WireFailure) in
                try await wire.perform(.namespace) { if case .namespaces(let found) = $0 { heard.set(found) } }
            }
            if answer.condition.kind == .ok, let found = heard.value { naming.take(found) }
        }
        if !naming.isCertain {
            let heard = Heard(UInt8??.none)
            _ = try await step { () async throws(WireFailure) in
                try await wire.perform(.list(.plain, pattern: "")) {
                    if case .listed(let mailbox) = $0 { heard.set(.some(mailbox.delimiter)) }
                }
            }
            if let delimiter = heard.value { naming.delimiter = delimiter }
        }
        state.withLock { $0.naming = naming }
        return naming
    }

    /// What a level of a name cannot hold here. Dovecot's Maildirs hold no dot, whatever stands between levels: a folder
    /// that nobody has is asked for.
    func unholdable() async throws(WireFailure) -> Set<Unicode.Scalar> {
        let naming = try await naming()
        guard !naming.unholdable.contains(".") else { return naming.unholdable }
        try await close()
        let name = naming.name(of: ["mailmove.none"])
        let condition = try await step { () async throws(WireFailure) in
            try await wire.perform(.status(name, [.uidNext]))
        }.condition
        let isRefused =
            condition.kind != .ok && !condition.tellsOfNoFolder
            && ServerWords(condition.text).hold(["allowed", "invalid", "illegal"])
        return isRefused ? naming.unholdable.union(["."]) : naming.unholdable
    }

    func name(of folder: [String]) async throws(WireFailure) -> MailboxName {
        if folder == NewFolder.inbox { return .inbox }
        return try await naming().name(of: folder)
    }

    /// UIDVALIDITY and UIDNEXT, by whatever way the server tells them; nil where there is no such folder.
    /// - Parameter isAsked: whether the server is asked also where it has told with its last OK.
    func watermark(of folder: MailboxName, isAsked: Bool = false) async throws(WireFailure) -> Watermark? {
        if !isAsked, let known = state.withLock({ $0.watermarks[folder] }) { return known }
        // RFC 3501 §6.3.10: not of the folder that is open.
        try await close()
        let heard = Heard(MailboxStatus?.none)
        let answer = try await step { () async throws(WireFailure) in
            try await wire.perform(.status(folder, [.uidValidity, .uidNext])) {
                if case .mailboxStatus(let status) = $0 { heard.set(status) }
            }
        }
        if answer.condition.kind == .ok, let status = heard.value, let validity = status.uidValidity,
            let next = status.uidNext, next > 0
        {
            return Watermark(validity: validity, next: next)
        }
        if answer.condition.kind == .no, answer.condition.tellsOfNoFolder { return nil }
        return try await examine(folder)?.watermark
    }

    /// The same, asked for; nil also where the server has no folder of such a name and never will.
    func watermarkIfAny(of folder: MailboxName) async throws(WireFailure) -> Watermark? {
        do throws(WireFailure) {
            return try await watermark(of: folder, isAsked: true)
        } catch {
            guard error.isOfOneFolder, !folder.isInbox, !isBroken else { throw error }
            return nil
        }
    }

    /// Opens a folder and changes nothing there; nil where there is none.
    func examine(_ folder: MailboxName) async throws(WireFailure) -> OpenedFolder? {
        state.withLock { $0.opened = nil }
        let heard = Heard(OpenedFolder())
        let answer = try await step { () async throws(WireFailure) in
            try await wire.perform(.examine(folder, nil)) { response in heard.change { $0.hear(response) } }
        }
        guard answer.condition.kind == .ok else {
            if answer.condition.kind == .no, answer.condition.tellsOfNoFolder { return nil }
            throw WireFailure(refused: answer.condition, "does not open the folder \(folder)")
        }
        state.withLock { $0.opened = folder }
        var opened = heard.value
        if !opened.tellsNext {
            // RFC 3501 §6.3.2: a server that does not tell UIDNEXT; then it is behind the last message.
            opened.watermark.next = opened.messages == 0 ? 1 : try await lastUID() &+ 1
        }
        return opened
    }

    private func lastUID() async throws(WireFailure) -> UInt32 {
        let heard = Heard(UInt32(0))
        _ = try await step { () async throws(WireFailure) in
            try await wire.perform(.fetch(.from(.max), [.uid], changedSince: nil)) { response in
                if case .fetched(let fetched) = response, let uid = fetched.uid { heard.change { $0 = max($0, uid) } }
            }
        }
        return heard.value
    }

    /// Leaves the folder that is open.
    func close() async throws(WireFailure) {
        guard state.withLock({ $0.opened }) != nil else { return }
        state.withLock { $0.opened = nil }
        // It was opened by EXAMINE, so that CLOSE deletes nothing (RFC 3501 §6.4.2).
        _ = try await step { () async throws(WireFailure) in
            try await wire.perform(capabilities.unselect ? .unselect : .close)
        }
    }

    /// Makes a folder, and subscribes to it. One that is there already stays as it is.
    func make(_ folder: MailboxName, use: SpecialUse?, isSubscribed: Bool) async throws(WireFailure) {
        try await close()
        let answer = try await step { () async throws(WireFailure) in
            try await wire.perform(.create(folder, capabilities.createSpecialUse ? use : nil))
        }
        var condition = answer.condition
        if condition.kind != .ok, capabilities.createSpecialUse, use != nil {
            // RFC 6154 §3: [USEATTR], or another folder has that use.
            condition = try await step { () async throws(WireFailure) in
                try await wire.perform(.create(folder, nil))
            }.condition
        }
        if condition.kind != .ok, condition.code != .alreadyExists, try await watermark(of: folder) == nil {
            var failure = WireFailure(refused: condition, "does not make the folder \(folder)")
            // RFC 5530 §3: as many folders as there may be, which says nothing of mail.
            if condition.code == .limit || condition.code == .overQuota { failure.code = .refused }
            throw failure
        }
        guard isSubscribed else { return }
        // A folder that nobody is subscribed to is there all the same.
        _ = try await step { () async throws(WireFailure) in try await wire.perform(.subscribe(folder)) }
    }

    /// All folders of the user's own that hold mail.
    func folders() async throws(WireFailure) -> [ListedMailbox] {
        let naming = try await naming()
        let heard = Heard([ListedMailbox]())
        let options = Command.ListOptions.extended(specialUse: capabilities.specialUse)
        let answer = try await step { () async throws(WireFailure) in
            try await wire.perform(.list(capabilities.listExtended ? options : .plain, pattern: "*")) { response in
                if case .listed(let mailbox) = response { heard.change { $0.append(mailbox) } }
            }
        }
        guard answer.condition.kind == .ok else {
            throw WireFailure(refused: answer.condition, "does not list its folders")
        }
        return heard.value.filter { naming.isPersonal($0.name) }
    }
}

/// What an EXAMINE has told.
struct OpenedFolder: Sendable {
    var watermark = Watermark(validity: 0, next: 0)
    var messages = 0
    /// Whether UIDNEXT is the server's word, and not a guess.
    var tellsNext = false

    mutating func hear(_ response: Response) {
        switch response {
        case .exists(let count): messages = Int(count)
        case .expunged: messages = max(0, messages - 1)
        case .condition(let condition):
            switch condition.code {
            case .uidValidity(let number): watermark.validity = number
            case .uidNext(let number) where number > 0: (watermark.next, tellsNext) = (number, true)
            default: break
            }
        default: break
        }
    }
}

/// What responses have told so far, from the connection's thread.
final class Heard<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }

    func set(_ value: Value) { state.withLock { $0 = value } }

    func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }
}
