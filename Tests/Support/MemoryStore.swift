// SPDX-License-Identifier: Apache-2.0

public import MailStore
import MessageContent
public import Synchronization
public import Vocabulary

/// A store of mail in memory, which does what a test tells it, and loses what is not synced when its power is cut.
public final class MemoryStore: MailStore {
    /// What goes wrong, once.
    public enum Fault: Hashable, Sendable {
        /// There is no room for another message when so many are staged.
        case fullAtStaging(after: Int)
        /// What was synced cannot be made durable again, as there is no room.
        case fullAtSync
        /// There is no room to make anything visible.
        case fullAtPublishing
        /// All becomes visible, and the answer is lost.
        case publishLost
        /// Nothing answers.
        case unresponsive
        /// The batch's first message is gone before it becomes visible.
        case takenAway
        /// What is published may be there already.
        case mayDouble
    }

    public struct State: Sendable {
        public var faults: [Fault] = []
        /// As it is, and as it will be when the power comes back.
        public internal(set) var mail = Mail()
        /// How often something was made durable.
        public fileprivate(set) var syncs = 0
        var durable = Mail()
        var runs: Int64 = 0

        /// Whether this goes wrong now; then not again.
        mutating func goesWrong(_ fault: Fault) -> Bool {
            guard let index = faults.firstIndex(of: fault) else { return false }
            faults.remove(at: index)
            return true
        }
    }

    public struct Mail: Sendable {
        public var base: StoreMarker?
        public var mailboxes: [EmailAddress: Mailbox] = [:]
    }

    public struct Mailbox: Sendable {
        public var marker: StoreMarker?
        var staged: [String: Message] = [:]
        public var messages: [Message] = []
        /// Paths of folders that were made, and whether they were subscribed.
        public var folders: [String: Bool] = [:]
        var runs: RunMarks = [:]

        /// The octets of a folder's messages, in the order in which they became visible.
        public func octets(in folder: String) -> [[UInt8]] { messages.filter { $0.folder == folder }.map(\.octets) }
    }

    public struct Message: Hashable, Sendable {
        /// What it was staged under; nil once its user has filed it.
        public var handle: String?
        public var octets: [UInt8]
        public var folder: String
        public var listed: ListedMessage
        public var flags: MessageFlags
        public var keywords: [String] = []
        /// What POP3 clients know it by from the old server.
        public var uidl: String?
        var content: ContentHash
    }

    public let state = Mutex(State())
    let contentKey: ContentKey

    /// - Parameter octets: what contents are hashed under; 16 to 64.
    public init(key octets: [UInt8] = Array(repeating: 7, count: 32)) throws {
        contentKey = try ContentKey(octets, form: .poly1305)
    }

    /// What is not synced is gone.
    public func cutPower() { state.withLock { $0.mail = $0.durable } }

    public subscript(_ account: EmailAddress) -> Mailbox? {
        get { state.withLock { $0.mail.mailboxes[account] } }
        set { state.withLock { $0.mail.mailboxes[account] = newValue } }
    }

    // MARK: Places

    public func open(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch], expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> any MailboxWriter {
        try answer()
        try check(expected, of: account)
        let run = state.withLock { state in
            settle(account, &state)
            sweep(account, intended, &state)
            state.runs += 1
            return StagedRun(mark: state.runs, last: 0, markers: markers(of: account, state), note: "")
        }
        return MemoryStoreWriter(self, account: account, options: options, run: run)
    }

    private func check(_ expected: StoreMarkers, of account: EmailAddress) throws(MailStoreError) {
        let found = state.withLock { markers(of: account, $0) }
        for (level, marker) in expected where found[level] != marker {
            throw .unmarked("\(level) of \(account)", "its marker is missing, or another's")
        }
    }

    private func settle(_ account: EmailAddress, _ state: inout State) {
        state.mail.base = state.mail.base ?? .random()
        state.durable.base = state.mail.base
        state.mail.mailboxes[account, default: Mailbox()].marker =
            state.mail.mailboxes[account]?.marker ?? StoreMarker.random()
        state.durable.mailboxes[account, default: Mailbox()].marker = state.mail.mailboxes[account]?.marker
    }

    private func markers(of account: EmailAddress, _ state: State) -> StoreMarkers {
        var markers: StoreMarkers = [:]
        markers[.base] = state.mail.base
        markers[.mailbox] = state.mail.mailboxes[account]?.marker
        return markers
    }

    public func markers(of account: EmailAddress) async throws(MailStoreError) -> StoreMarkers {
        try answer()
        return state.withLock { markers(of: account, $0) }
    }

    public func markBase() async throws(MailStoreError) -> StoreMarker? {
        try answer()
        return state.withLock { state in
            let marker = state.mail.base ?? .random()
            (state.mail.base, state.durable.base) = (marker, marker)
            return marker
        }
    }

    public func adopt(_ account: EmailAddress) async throws(MailStoreError) -> StoreMarkers {
        try answer()
        return state.withLock { state in
            settle(account, &state)
            return markers(of: account, state)
        }
    }

    public var folderNames: FolderNames { FolderNames() }

    public var traits: StoreTraits { StoreTraits(kind: "memory") }

    public func make(
        _ folders: [NewFolder], of account: EmailAddress, expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> [[String]: String] {
        try answer()
        try check(expected, of: account)
        state.withLock { state in
            settle(account, &state)
            for folder in folders {
                let path = folder.levels.joined(separator: "/")
                guard state.mail.mailboxes[account]?.folders[path] == nil else { continue }
                state.mail.mailboxes[account]?.folders[path] = folder.isSubscribed
            }
            state.durable.mailboxes[account]?.folders = state.mail.mailboxes[account]?.folders ?? [:]
        }
        return [:]
    }

    public func runs(of account: EmailAddress) async throws(MailStoreError) -> RunMarks {
        try answer()
        return state.withLock { $0.mail.mailboxes[account]?.runs ?? [:] }
    }

    public func check(folder: String) throws(MailStoreError) {
        if folder.isEmpty { throw MailStoreError(code: .failed, detail: "a folder has a name") }
    }

    public func check(expecting expected: StoreMarker?) async throws(MailStoreError) {
        try answer()
        guard let expected, state.withLock({ $0.mail.base }) != expected else { return }
        throw .unmarked("the store", "its marker is missing, or another's")
    }

    /// An `unresponsive` fault lasts until it is taken back.
    func answer() throws(MailStoreError) {
        if state.withLock({ $0.faults.contains(.unresponsive) }) {
            throw MailStoreError(code: .unresponsive, detail: "memory does not answer; see whether it is there")
        }
    }

    // MARK: Batches

    /// `memory`, the account, its folder, and the handles, each ended by NUL.
    func encode(_ account: EmailAddress, _ folder: String, _ handles: [String]) -> [UInt8] {
        (["memory", account.description, folder] + handles).flatMap { Array($0.utf8) + [0] }
    }

    private struct Decoded {
        var account: EmailAddress
        var folder: String
        var handles: [String]

        init?(_ encoded: [UInt8]) {
            let fields = encoded.split(separator: 0, omittingEmptySubsequences: false).dropLast()
                .map { String(decoding: $0, as: UTF8.self) }
            guard fields.count >= 3, fields[0] == "memory", let account = try? EmailAddress(fields[1]) else {
                return nil
            }
            (self.account, folder, handles) = (account, fields[2], Array(fields[3...]))
        }
    }

    private func decode(_ batch: StagedBatch) throws(MailStoreError) -> Decoded {
        guard let decoded = Decoded(batch.encoded) else {
            throw MailStoreError(code: .failed, detail: "another store has staged this")
        }
        return decoded
    }

    /// Each domain has a lane of its own.
    func lane(of account: EmailAddress) -> StoreLane { StoreLane(account.domain.name) }

    public func batch(encoded: [UInt8]) -> StagedBatch? {
        Decoded(encoded).map {
            StagedBatch(encoded: encoded, lane: lane(of: $0.account), count: $0.handles.count)
        }
    }

    public func join(_ next: StagedBatch, to batch: inout StagedBatch) -> Bool {
        guard let first = Decoded(batch.encoded), let second = Decoded(next.encoded), first.account == second.account,
            first.folder == second.folder
        else { return false }
        batch = StagedBatch(
            encoded: encode(first.account, first.folder, first.handles + second.handles), lane: batch.lane,
            count: batch.count + next.count, run: next.run)
        return true
    }

    public func sync(_ batches: [StagedBatch]) async -> [Int: MailStoreError] {
        state.withLock { state in
            var errors: [Int: MailStoreError] = [:]
            state.syncs += 1
            let isFull = state.goesWrong(.fullAtSync)
            for (index, batch) in batches.enumerated() {
                if isFull || state.faults.contains(.unresponsive) {
                    errors[index] = MailStoreError(
                        code: isFull ? .full : .unresponsive, detail: "memory cannot be made durable; make room")
                } else if let account = Decoded(batch.encoded)?.account, state.mail.mailboxes[account] != nil {
                    state.durable.mailboxes[account] = state.mail.mailboxes[account]
                } else {
                    errors[index] = MailStoreError(code: .misplaced, detail: "there is no such mailbox; make it")
                }
            }
            return errors
        }
    }

    @discardableResult
    public func publish(_ batch: StagedBatch, for publisher: Publisher) async throws(MailStoreError) -> Publication {
        let decoded = try decode(batch)
        let isDoubtful = state.withLock { $0.goesWrong(.mayDouble) }
        if isDoubtful, !(await publisher.mayDouble(decoded.account, decoded.handles.count)) {
            throw MailStoreError(code: .failed, detail: "it may be there already; ask again")
        }
        return try await publish(batch)
    }

    @discardableResult
    public func publish(_ batch: StagedBatch) async throws(MailStoreError) -> Publication {
        try answer()
        let decoded = try decode(batch)
        let (isFull, isLost) = state.withLock { state in
            if state.goesWrong(.takenAway), let first = decoded.handles.first {
                state.mail.mailboxes[decoded.account]?.staged[first] = nil
            }
            return (state.goesWrong(.fullAtPublishing), state.goesWrong(.publishLost))
        }
        if isFull { throw MailStoreError(code: .full, detail: "memory is full; make room") }
        let wereStaged = try state.withLock { state throws(MailStoreError) in
            guard state.mail.mailboxes[decoded.account] != nil else {
                throw MailStoreError(code: .misplaced, detail: "there is no mailbox of \(decoded.account); make it")
            }
            if let run = batch.run {
                let last = state.mail.mailboxes[decoded.account]?.runs[run.mark] ?? 0
                state.mail.mailboxes[decoded.account]?.runs[run.mark] = max(last, run.last)
            }
            return decoded.handles.map { show($0, of: decoded.account, &state) }
        }
        if isLost { throw MailStoreError(code: .failed, detail: "the answer was lost; ask again") }
        return Publication(wereStaged.map { $0 ? .visible : .takenAway })
    }

    /// Whether it was still staged.
    private func show(_ handle: String, of account: EmailAddress, _ state: inout State) -> Bool {
        guard let message = state.mail.mailboxes[account]?.staged.removeValue(forKey: handle) else { return false }
        state.mail.mailboxes[account]?.messages.append(message)
        return true
    }

    public func takenAway(_ count: Int, from batch: StagedBatch) -> MailStoreError {
        MailStoreError(code: .misplaced, detail: "\(count) messages were taken away; see who did it")
    }

    public func recover(
        _ batch: StagedBatch, of account: EmailAddress, isRecent: Bool
    ) async throws(MailStoreError) -> RecoveredBatch {
        try answer()
        let decoded = try decode(batch)
        return try state.withLock { state throws(MailStoreError) in
            guard let mailbox = state.mail.mailboxes[account] else {
                throw MailStoreError(code: .misplaced, detail: "there is no mailbox of \(account); make it")
            }
            let visible = Set(mailbox.messages.compactMap(\.handle))
            let fates = decoded.handles.map { handle -> MessageFate in
                let isHere = show(handle, of: account, &state) || visible.contains(handle)
                return isHere || isRecent ? .delivered : .unknown
            }
            return RecoveredBatch(
                batch: StagedBatch(encoded: batch.encoded, lane: batch.lane, count: batch.count), fates: fates)
        }
    }

    public func sweep(
        _ account: EmailAddress, options: DeliveryOptions, intended: [StagedBatch]
    ) async throws(MailStoreError) {
        try answer()
        state.withLock { sweep(account, intended, &$0) }
    }

    private func sweep(_ account: EmailAddress, _ intended: [StagedBatch], _ state: inout State) {
        let kept = Set(intended.compactMap { Decoded($0.encoded) }.flatMap(\.handles))
        guard let staged = state.mail.mailboxes[account]?.staged else { return }
        state.mail.mailboxes[account]?.staged = staged.filter { kept.contains($0.key) }
    }

    public func contents(
        of account: EmailAddress, _ origin: MessageOrigin, intended: [StagedBatch]
    ) async throws -> MailboxContents? {
        try answer()
        guard let mailbox = self[account] else { return nil }
        var contents = MailboxContents()
        for message in mailbox.messages where (message.handle != nil) == (origin == .ours) {
            contents.messages[message.content, default: 0] += 1
            contents.octets[message.content] = message.octets.count
        }
        let kept = Set(intended.compactMap { Decoded($0.encoded) }.flatMap(\.handles))
        if origin == .ours { contents.leftovers = mailbox.staged.keys.count { !kept.contains($0) } }
        return contents
    }
}
