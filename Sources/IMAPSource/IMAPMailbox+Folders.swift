// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailSource
import Vocabulary

/// Which folders there are (RFC 2342, RFC 3501 §6.3.8, RFC 5258, RFC 6154).
extension IMAPMailbox {
    func folders() async throws(SourceError) -> [SourceFolder] { try await folders(by: FolderRules()) }

    func folders(by rules: FolderRules) async throws(SourceError) -> [SourceFolder] {
        try await during(.folders) { () async throws(WireFailure) in
            let namespaces = rules.asksNamespaces ? try await namespaces() : nil
            let listed = try await listed(namespaces, movesShared: rules.movesShared)
            let plan = FolderPlan(listed, namespaces: namespaces, rules: FolderPlan.Rules(rules))
            let moving = plan.folders.filter { $0.fate == .moves || $0.fate == .movesWhatIsNowhereElse }
            guard moving.count <= Self.mostFolders else {
                throw .violation("has \(moving.count) folders; over \(Self.mostFolders) cannot be told apart")
            }
            let folders = try await known(moving, rules)
            state.withLock { state in
                state.folders = folders
                state.paths = plan.folders.map(\.path)
                state.excluded = plan.excludedFromViews.filter(\.isSendable)
                state.namespaces = namespaces
            }
            return folders.map(\.shown)
        }
    }

    /// A message has 16 bits for the number of its folder.
    private static let mostFolders = Int(UInt16.max)
    /// Of all folders' names and attributes.
    private static let mostOctets = 32 << 20

    private func namespaces() async throws(WireFailure) -> Namespaces? {
        guard capabilities.namespace else { return nil }
        if let known = state.withLock({ $0.namespaces }) { return known }
        let found = Collected<Namespaces?>(nil)
        _ = try await asking(about: .namespaces) { () async throws(WireFailure) in
            try await wire.perform(.namespace) { response in
                if case .namespaces(let namespaces) = response { found.change { $0 = namespaces } }
            }
        }
        return found.value
    }

    // MARK: - LIST

    private func listed(_ namespaces: Namespaces?, movesShared: Bool) async throws(WireFailure) -> [ListedMailbox] {
        var found = try await listed("*")
        if movesShared, let namespaces {
            // Some list them only when asked for by name.
            for space in namespaces.otherUsers + namespaces.shared where !space.prefix.isEmpty {
                let below = MailboxName(octets: space.prefix + [UInt8(ascii: "*")])
                if below.isSendable { found += try await listed(below.pattern) }
            }
        }
        if !found.contains(where: \.isInbox) { found.insert(ListedMailbox(.inbox, delimiter: nil), at: 0) }
        return found
    }

    private func listed(_ pattern: String) async throws(WireFailure) -> [ListedMailbox] {
        let capabilities = capabilities
        if capabilities.xlist, !capabilities.specialUse {
            let found = try await answers(to: .xlist(pattern: pattern))
            if !found.isEmpty { return try await withSubscriptions(found, pattern) }
        }
        if capabilities.listExtended {
            let found = try await answers(
                to: .list(.extended(specialUse: capabilities.specialUse), pattern: pattern))
            // Some announce it, and then list nothing.
            if !found.isEmpty { return found }
        }
        let found = try await answers(to: .list(.plain, pattern: pattern), isRequired: true)
        return try await withSubscriptions(found, pattern)
    }

    private func answers(to command: Command, isRequired: Bool = false) async throws(WireFailure) -> [ListedMailbox] {
        let found = Collected((folders: [ListedMailbox](), octets: 0))
        let answer = try await wire.perform(command) { response in
            guard case .listed(let folder) = response else { return }
            found.change { found in
                found.octets += folder.name.octets.count + folder.attributes.reduce(64) { $0 + $1.utf8.count }
                if found.octets <= Self.mostOctets { found.folders.append(folder) }
            }
        }
        guard found.value.octets <= Self.mostOctets else { throw .violation("lists folders without end") }
        guard answer.condition.kind == .ok else {
            guard isRequired || answer.condition.tellsOfFault else { return [] }
            throw WireFailure(refused: answer.condition, "does not list its folders")
        }
        return found.value.folders
    }

    /// Marks those that LSUB names as subscribed; `\Noselect` says there that only a folder below is (RFC 3501 §6.3.9).
    private func withSubscriptions(
        _ folders: [ListedMailbox], _ pattern: String
    ) async throws(WireFailure) -> [ListedMailbox] {
        let subscribed = Set(try await answers(to: .lsub(pattern: pattern)).filter(\.isSelectable).map(\.name))
        return folders.map { folder in
            var folder = folder
            if subscribed.contains(folder.name) { folder.attributes.insert("\\subscribed") }
            return folder
        }
    }

    // MARK: - What is in them

    /// Asked at once for many, but not for so many that the answers fill the line while we still ask.
    static let mostAhead = 50

    /// Of a folder that no command can name.
    private static let unsendable =
        "it cannot be asked for, since its name holds NUL, CR or LF, or is longer than 4,096 octets"

    private func known(_ plans: [FolderPlan.Folder], _ rules: FolderRules) async throws(WireFailure) -> [KnownFolder] {
        func refusal(_ plan: FolderPlan.Folder) -> String? {
            plan.listed.name.isSendable ? rules.passedOver[plan.levels] : Self.unsendable
        }
        let asked = plans.filter { refusal($0) == nil }
        let counted = tracesStatus ? try await examined(asked, rules) : try await counted(asked, rules)
        var folders: [KnownFolder] = []
        for (number, plan) in plans.enumerated() {
            let opened: OpenedFolder
            var refusal = refusal(plan)
            if refusal != nil {
                opened = OpenedFolder(plan.listed.name)
            } else if let known = counted[plan.listed.name] {
                opened = known
            } else {
                // Where STATUS is refused, opening it tells whether it can be read at all.
                let (answer, found) = try await asking(about: .folder(plan.levels)) { () async throws(WireFailure) in
                    try await examine(plan.listed.name)
                }
                opened = found
                if answer.condition.kind == .ok {
                    state.withLock { $0.open = found }
                } else {
                    refusal = try refusalWords(in: answer)
                }
            }
            let shown = SourceFolder(
                number: number, path: plan.levels, validity: opened.validity,
                messages: refusal == nil ? opened.messages : 0, target: plan.target, specialUse: plan.specialUse,
                isSubscribed: plan.listed.isSubscribed || plan.listed.isInbox,
                showsOthers: plan.fate == .movesWhatIsNowhereElse, mark: FolderMark(opened))
            folders.append(KnownFolder(plan: plan, shown: shown, refusal: refusal))
        }
        return folders
    }

    /// Dovecot shows a folder in LIST otherwise (`\Marked`) once its STATUS has been asked for; opening it leaves no trace.
    var tracesStatus: Bool { isDovecot }

    /// Asks about folders, many at once or one by one.
    private func asking(
        about plans: [FolderPlan.Folder], _ rules: FolderRules,
        _ ask: ([MailboxName]) async throws(WireFailure) -> Void
    ) async throws(WireFailure) {
        guard !rules.asksOneByOne else {
            for plan in plans {
                try await asking(about: .folder(plan.levels)) { () async throws(WireFailure) in
                    try await ask([plan.listed.name])
                }
            }
            return
        }
        for start in stride(from: 0, to: plans.count, by: Self.mostAhead) {
            try await ask(plans[start..<min(start + Self.mostAhead, plans.count)].map(\.listed.name))
        }
    }

    private func examined(
        _ plans: [FolderPlan.Folder], _ rules: FolderRules
    ) async throws(WireFailure) -> [MailboxName: OpenedFolder] {
        var found: [MailboxName: OpenedFolder] = [:]
        // Nor is one opened twice, unless it was opened before changes were counted (RFC 7162 §3.1).
        let open = state.withLock { $0.open }.flatMap {
            $0.changes != 0 || !capabilities.conditionalStore ? $0 : nil
        }
        if let open { found[open.name] = open }
        let counting: Command.Resynchronization? = capabilities.conditionalStore ? .conditionalStore : nil
        let asked = plans.filter { $0.listed.name != open?.name }
        try await asking(about: asked, rules) { names throws(WireFailure) in
            state.withLock { $0.open = nil }
            let heard = Collected(names.map { OpenedFolder($0) })
            let answers = try await wire.perform(names.map { .examine($0, counting) }, ahead: rules.asksAhead) {
                answered, response in
                heard.change { if $0.indices.contains(answered) { $0[answered].hear(response) } }
            }
            for (answer, folder) in zip(answers, heard.value) where answer.condition.kind == .ok {
                var folder = folder
                folder.learn(answer.condition.code)
                found[folder.name] = folder
                state.withLock { $0.open = folder }
            }
            if answers.last?.condition.kind != .ok { state.withLock { $0.open = nil } }
        }
        return found
    }

    private func counted(
        _ plans: [FolderPlan.Folder], _ rules: FolderRules
    ) async throws(WireFailure) -> [MailboxName: OpenedFolder] {
        var items: [Command.StatusItem] = [.messages, .uidNext, .uidValidity]
        if capabilities.conditionalStore { items.append(.highestModificationSequence) }
        let found = Collected([MailboxName: OpenedFolder]())
        let open = state.withLock { $0.open }
        if let open { found.change { $0[open.name] = open } }
        // RFC 3501 §6.3.10: it is not for the folder that is open, unless that has not told all: Courier does not say
        // what comes next, and others count changes only for those who have asked.
        let hasToldAll = open.map { $0.next != 0 && ($0.changes != 0 || !capabilities.conditionalStore) } ?? true
        let asked = plans.filter { $0.listed.name != open?.name || !hasToldAll }
        let wanted = Set(asked.map(\.listed.name))
        try await asking(about: asked, rules) { names throws(WireFailure) in
            _ = try await wire.perform(names.map { Command.status($0, items) }) { _, response in
                guard case .mailboxStatus(let status) = response, wanted.contains(status.name),
                    let folder = OpenedFolder(status)
                else { return }
                found.change { found in
                    if status.name == open?.name {
                        found[status.name]?.next = folder.next
                        found[status.name]?.changes = folder.changes
                    } else {
                        found[status.name] = folder
                    }
                }
            }
        }
        return found.value
    }
}

extension FolderPlan.Folder {
    fileprivate var levels: [String] { path.split(separator: "/").map(String.init) }
}

extension OpenedFolder {
    /// nil where the server does not say how much is in it.
    fileprivate init?(_ status: MailboxStatus) {
        guard let messages = status.messages else { return nil }
        self.init(status.name)
        self.messages = Int(messages)
        (validity, next) = (status.uidValidity ?? 0, status.uidNext ?? 0)
        changes = status.highestModificationSequence ?? 0
    }
}

extension FolderMark {
    /// nil where the server has not said enough.
    fileprivate init?(_ folder: OpenedFolder) {
        guard folder.hasLastingIDs, folder.next > 0 else { return nil }
        self.init(
            validity: folder.validity, next: folder.next, messages: folder.messages, changes: folder.changes)
    }
}

extension FolderPlan.Rules {
    fileprivate init(_ rules: FolderRules) {
        self.init()
        exclude = rules.exclude.map { FolderPattern($0) }
        map = rules.map.map { (FolderPattern($0.pattern), $0.target) }
        movesShared = rules.movesShared
        specialTargets = rules.specialTargets
        earlier = rules.earlier
        unholdable = rules.unholdable
        reserved = rules.reserved.map { FolderPattern($0) }
    }
}

extension MailboxName {
    /// As part of a pattern, in which `*` and `%` have a meaning of their own: those match themselves, too.
    fileprivate var pattern: String { String(decoding: octets, as: UTF8.self) }
}
