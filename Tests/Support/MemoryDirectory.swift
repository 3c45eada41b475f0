// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
public import Secrets
import Synchronization
public import Vocabulary

/// A platform's own accounts, in memory, with faults where a test wants them.
public final class MemoryDirectory: AccountDirectory {
    /// What becomes of the next replacement.
    public enum Fault: Sendable {
        /// It is not made.
        case refused
        /// It is made, and nobody is told.
        case answerLost
        /// Somebody else has given the account another hash just before.
        case overtaken(by: String)
        /// It is made, in a column that is too short.
        case cutOff(octets: Int)
    }

    private struct State: Sendable {
        var entries: [EmailAddress: DirectoryEntry] = [:]
        var flushed: [EmailAddress] = []
        var fault: Fault?
        var isDown = false
        var lookups = 0
        var others: [String] = []
    }

    private let state: Mutex<State>

    public init(_ entries: [EmailAddress: DirectoryEntry] = [:]) { state = Mutex(State(entries: entries)) }

    public subscript(address: EmailAddress) -> DirectoryEntry? {
        get { state.withLock { $0.entries[address] } }
        set { state.withLock { $0.entries[address] = newValue } }
    }

    /// Whose former passwords no cache knows any more.
    public var flushed: [EmailAddress] { state.withLock { $0.flushed } }

    public var lookups: Int { state.withLock { $0.lookups } }

    /// Hashes of everybody's other secrets.
    public var others: [String] {
        get { state.withLock { $0.others } }
        set { state.withLock { $0.others = newValue } }
    }

    public func others(of address: EmailAddress) async throws(DirectoryError) -> [String] {
        try asked { $0.others }
    }

    public func fail(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// It answers nothing until it is up again.
    public var isDown: Bool {
        get { state.withLock { $0.isDown } }
        set { state.withLock { $0.isDown = newValue } }
    }

    public var decidesLogins: Bool { false }

    public var canCreate: Bool { true }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        try asked { state in
            state.lookups += 1
            return state.entries[address]
        }
    }

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        throw DirectoryError("every account has a hash")
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        try asked { (state: inout State) throws(DirectoryError) in
            defer { state.fault = nil }
            switch state.fault {
            case .refused?: throw DirectoryError("the connection is lost")
            case .overtaken(let other)?: state.entries[address]?.hash = other
            case .answerLost?, .cutOff?, nil: break
            }
            guard let entry = state.entries[address] else { return .absent }
            guard entry.hash == expected else { return .changed }
            state.entries[address]?.hash = hash
            if case .cutOff(let count)? = state.fault { state.entries[address]?.hash = String(hash.prefix(count)) }
            if case .answerLost? = state.fault { throw DirectoryError("the connection is lost") }
            return .replaced
        }
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        try asked { state in
            guard state.entries[address] == nil else { return false }
            state.entries[address] = DirectoryEntry(hash: hash)
            return true
        }
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        try asked { state in
            let all = state.entries.filter { $0.key.domain == domain }.sorted { $0.key < $1.key }
            let rest = all.drop { address, _ in cursor.map { address <= $0 } ?? false }
            return rest.prefix(limit).map { address, entry in
                DirectoryAccount(address: address, displayName: entry.displayName, quotaOctets: entry.quotaOctets)
            }
        }
    }

    public func flush(_ address: EmailAddress) async { state.withLock { $0.flushed.append(address) } }

    private func asked<Answer: Sendable>(
        _ question: (inout sending State) throws(DirectoryError) -> sending Answer
    ) throws(DirectoryError) -> Answer {
        try state.withLock { state throws(DirectoryError) in
            guard !state.isDown else { throw DirectoryError("it does not answer") }
            return try question(&state)
        }
    }
}
