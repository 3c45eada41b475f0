// SPDX-License-Identifier: Apache-2.0

public import MailSource
public import Secrets
public import Synchronization
public import Vocabulary

/// An old server in memory, with mailboxes of any folders and faults at any step.
///
///     let source = MemorySource(password: "old", inbox: [.init(id: "u1", text: "Subject: one\n\nbody\n")])
///     source.state.withLock { $0.misdeeds[.listing] = [.hangsUp] }
public final class MemorySource: MailSource {
    public struct Message: Sendable {
        /// nil where the server has no ids.
        public var id: String?
        /// Lines end in LF.
        public var octets: [UInt8]
        public var flags: MessageFlags
        public var date: Timestamp?
        public var keywords: [String]

        public init(
            id: String?, text: String, flags: MessageFlags = [], date: Timestamp? = nil, keywords: [String] = []
        ) {
            self.id = id
            self.octets = Array(text.utf8)
            self.flags = flags
            self.date = date
            self.keywords = keywords
        }
    }

    public struct Folder: Sendable {
        public var path: [String]
        public var validity: UInt32
        public var messages: [Message]
        /// Where its mail goes; its own path where nil.
        public var target: [String]?
        public var specialUse: SpecialUse?
        public var isSubscribed = true
        public var showsOthers = false
        /// What the server says instead of opening it.
        public var refusal: String?

        public init(
            path: [String] = SourceFolder.inbox, validity: UInt32 = 1, target: [String]? = nil,
            showsOthers: Bool = false, messages: [Message]
        ) {
            self.path = path
            self.validity = validity
            self.target = target
            self.showsOthers = showsOthers
            self.messages = messages
        }
    }

    /// What may go wrong at a step.
    public enum Misdeed: Sendable {
        case hangsUp
        /// For as long as the client waits.
        case isSilent
        /// Answers what makes no sense.
        case talksNonsense
        /// "Later".
        case isBusy
        /// "No more for five minutes."
        case throttles
        /// Does not bear what is asked for ahead; only where more than one message is.
        case losesCommandsAhead
        /// Hangs up in the middle of a message.
        case hangsUpInTheMiddle
    }

    public struct State: Sendable {
        public var password: String
        public var folders: [Folder]
        public var traits = SourceTraits()
        /// Done once each, in order, when that step comes.
        public var misdeeds: [SourceError.Step: [Misdeed]] = [:]
        /// The same when the message with this id is fetched.
        public var stumbles: [String: [Misdeed]] = [:]
        /// What the server says to a login, whatever the password.
        public var answer: SourceAnswer?
        /// Ids of messages that it does not give.
        public var refused: Set<String> = []
        /// Lists no more messages than so many of those that have not been fetched yet.
        public var partSize: Int?
        /// Whether messages have headers of their own.
        public var hasHeaders = true
        /// Whether somebody may enter the mailboxes of others by an authorization identity.
        public var entersForOthers = false
        /// How long each message takes in a session.
        public var pause = Duration.zero
        /// Takes no connections.
        public var isDown = false
        /// Called as each step begins, with nothing held.
        public var before: (@Sendable (SourceError.Step) -> Void)?
        /// Passwords that were shown, in order.
        public fileprivate(set) var shown: [String] = []
        public fileprivate(set) var connections = 0
        /// Ids of messages that were fetched, in order.
        public fileprivate(set) var fetched: [String] = []
    }

    public let state: Mutex<State>

    public init(password: String, folders: [Folder]) {
        state = Mutex(State(password: password, folders: folders))
    }

    public convenience init(password: String, inbox messages: [Message]) {
        self.init(password: password, folders: [Folder(messages: messages)])
    }

    public func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection {
        let line = MemoryLine(source: self, timeouts: timeouts)
        try await line.take(.connect)
        let isDown = state.withLock { state in
            if !state.isDown { state.connections += 1 }
            return state.isDown
        }
        if isDown { throw SourceError(code: .unreachable, step: .connect, detail: "the old server is down") }
        try await line.take(.greeting)
        return line
    }
}

/// A line to a ``MemorySource``.
private final class MemoryLine: SourceConnection, MailboxSession {
    private struct State {
        var isDropped = false
        var hasShownPassword = false
        /// Where the listed messages are, by number less 1.
        var listed: [(folder: Int, place: Int)] = []
        var deleted: Set<Int> = []
        var vanished: Set<Int> = []
    }

    private let source: MemorySource
    private let timeouts: Timeouts
    private let state = Mutex(State())

    init(source: MemorySource, timeouts: Timeouts) {
        self.source = source
        self.timeouts = timeouts
    }

    // MARK: Steps

    /// Begins a step, and does what goes wrong in it.
    func take(_ step: SourceError.Step, ahead: Bool = false) async throws(SourceError) {
        source.state.withLock { $0.before }?(step)
        try expectLine(step)
        let misdeed = source.state.withLock { state -> MemorySource.Misdeed? in
            guard let first = state.misdeeds[step]?.first else { return nil }
            if case .losesCommandsAhead = first, !ahead { return nil }
            return state.misdeeds[step]?.removeFirst()
        }
        if let misdeed { try await commit(misdeed, step) }
    }

    private func expectLine(_ step: SourceError.Step) throws(SourceError) {
        if state.withLock({ $0.isDropped }) || Task.isCancelled { throw drop(.cancelled, step, "was left") }
    }

    private func commit(_ misdeed: MemorySource.Misdeed, _ step: SourceError.Step) async throws(SourceError) {
        switch misdeed {
        case .hangsUp, .hangsUpInTheMiddle: throw drop(.closed, step, "closed the connection")
        case .talksNonsense: throw drop(.protocolViolation, step, "makes no sense")
        case .isBusy: throw drop(.busy, step, "is busy")
        case .throttles:
            var error = drop(.throttled, step, "gives no more for now")
            error.pause = 300
            throw error
        case .losesCommandsAhead: throw drop(.pipeliningBroken, step, "does not answer commands that are sent ahead")
        case .isSilent:
            let end = ContinuousClock.now + timeouts.read
            while ContinuousClock.now < end {
                try expectLine(step)
                try? await Task.sleep(for: .milliseconds(2))  // cancelled: that is seen next
            }
            throw drop(.timedOut, step, "does not answer")
        }
    }

    private func drop(_ code: SessionFault, _ step: SourceError.Step, _ what: String) -> SourceError {
        state.withLock { $0.isDropped = true }
        return SourceError(code: code, step: step, detail: "the old server \(what)")
    }

    // MARK: SourceLine

    func leave() async throws(SourceError) -> Bool {
        do throws(SourceError) {
            try await take(.farewell)
        } catch {
            if error.code == .cancelled { throw error }
            return false
        }
        let deleted = state.withLock { state in
            state.isDropped = true
            return state.deleted.map { state.listed[$0 - 1] }
        }
        source.state.withLock { state in
            for (folder, place) in deleted.sorted(by: { $0.place > $1.place }) {
                state.folders[folder].messages.remove(at: place)
            }
        }
        return true
    }

    func abort() { state.withLock { $0.isDropped = true } }

    func close() async { abort() }

    // MARK: SourceConnection

    var hasShownPassword: Bool { state.withLock { $0.hasShownPassword } }

    func check(user: String, password: Password) async throws(SourceError) -> SourceAnswer {
        try expectLine(.login)
        let text = password.withOctets { String(decoding: $0, as: UTF8.self) }
        state.withLock { $0.hasShownPassword = true }
        source.state.withLock { $0.shown.append(text) }
        try await take(.login)
        let (answer, right) = source.state.withLock { ($0.answer, $0.password) }
        return answer ?? (text == right ? .accepted(self) : .rejected("wrong"))
    }

    func check(
        user: String, enteringFor owner: String, password: Password
    ) async throws(SourceError) -> SourceAnswer {
        guard source.state.withLock({ $0.entersForOthers }) else {
            return .failed(.oldServerProtocol, "nobody enters the mailboxes of others here", isForGood: true)
        }
        return try await check(user: owner, password: password)
    }

    // MARK: MailboxSession

    var traits: SourceTraits { source.state.withLock { $0.traits } }

    func enter() async throws(SourceError) { try await take(.capabilities) }

    func takeUp(_ other: any MailboxSession) -> Bool {
        guard let other = other as? MemoryLine else { return false }
        let listed = other.state.withLock { $0.listed }
        state.withLock { $0.listed = listed }
        return true
    }

    func folders() async throws(SourceError) -> [SourceFolder] {
        try await take(.folders)
        return source.state.withLock { state in
            state.folders.enumerated().map { number, folder in
                SourceFolder(
                    number: number, path: folder.path, validity: folder.validity,
                    messages: state.shownPlaces(of: number).count,
                    octets: folder.messages.reduce(0) { $0 + $1.octets.count }, target: folder.target,
                    specialUse: folder.specialUse, isSubscribed: folder.isSubscribed,
                    showsOthers: folder.showsOthers)
            }
        }
    }

    func refusal(of folder: SourceFolder) -> String? { source.state.withLock { $0.folders[folder.number].refusal } }

    var vanished: Set<Int> { state.withLock { $0.vanished } }

    func keywords(of message: ListedMessage) -> [String] { found(message)?.keywords ?? [] }

    func list(_ folder: SourceFolder) async throws(SourceError) -> [ListedMessage] {
        try await take(.listing)
        if refusal(of: folder) != nil { return [] }
        let (places, messages) = source.state.withLock {
            ($0.shownPlaces(of: folder.number), $0.folders[folder.number].messages)
        }
        return state.withLock { state in
            places.map { place in
                state.listed.append((folder.number, place))
                let message = messages[place]
                return ListedMessage(
                    number: state.listed.count, octets: message.octets.count,
                    uniqueID: message.id.map { UniqueID(octets: Array($0.utf8)) }, folder: folder.number,
                    flags: message.flags, date: message.date)
            }
        }
    }

    private func found(_ message: ListedMessage) -> MemorySource.Message? {
        let place = state.withLock {
            $0.listed.indices.contains(message.number - 1) ? $0.listed[message.number - 1] : nil
        }
        return place.flatMap { place in
            source.state.withLock { state in
                let messages = state.folders[place.folder].messages
                return messages.indices.contains(place.place) ? messages[place.place] : nil
            }
        }
    }

    func header(of message: ListedMessage) async throws(SourceError) -> [UInt8]? {
        try await take(.fetch)
        guard source.state.withLock({ $0.hasHeaders }), let octets = found(message)?.octets else { return nil }
        let ends = zip(octets.indices, octets.indices.dropFirst()).first { octets[$0] == 10 && octets[$1] == 10 }
        return ends.map { Array(octets[...$0.1]) } ?? octets
    }

    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError) {
        for message in messages {
            guard options.goesOn() else { return }
            try await take(.fetch, ahead: !options.oneByOne && messages.count > 1)
            guard let found = found(message) else {
                state.withLock { _ = $0.vanished.insert(message.number) }
                continue
            }
            let (id, octets) = (found.id ?? "", found.octets)
            guard !source.state.withLock({ $0.refused.contains(id) }) else {
                onRefusal(message, "not that one")
                continue
            }
            let stumble = source.state.withLock { state in
                state.stumbles[id]?.isEmpty == false ? state.stumbles[id]?.removeFirst() : nil
            }
            if let stumble {
                if case .hangsUpInTheMiddle = stumble {
                    sink.begin(message)
                    octets.prefix(octets.count / 2).withUnsafeBytes { if !$0.isEmpty { sink.append($0) } }
                    sink.abandon()
                }
                try await commit(stumble, .fetch)
            }
            let pause = source.state.withLock { $0.pause }
            if pause > .zero { try? await Task.sleep(for: pause) }  // cancelled: that is seen next
            sink.begin(message)
            for start in stride(from: 0, to: octets.count, by: 4096) {
                octets[start..<min(start + 4096, octets.count)].withUnsafeBytes { sink.append($0) }
                guard sink.isFull else { continue }
                sink.flush()
                await withCheckedContinuation { continuation in sink.whenReady { continuation.resume() } }
            }
            sink.end()
            source.state.withLock { $0.fetched.append(id) }
        }
        sink.flush()
    }

    func delete(_ messages: [ListedMessage]) async throws(SourceError) -> Set<Int> {
        try await take(.delete)
        state.withLock { state in state.deleted.formUnion(messages.map(\.number)) }
        return []
    }

    func name(of message: ListedMessage) -> String {
        "message \(message.number), id \(message.uniqueID.map { String(decoding: $0.octets, as: UTF8.self) } ?? "-")"
    }
}

extension MemorySource.State {
    /// Places of the messages of a folder that a session is shown.
    fileprivate func shownPlaces(of folder: Int) -> [Int] {
        let messages = folders[folder].messages
        guard let partSize else { return Array(messages.indices) }
        let taken = Set(fetched)
        return Array(messages.indices.filter { !taken.contains(messages[$0].id ?? "") }.prefix(partSize))
    }
}
