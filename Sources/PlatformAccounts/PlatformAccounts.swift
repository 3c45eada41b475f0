// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
public import Logging
public import NIOCore
public import NIOPosix
public import PlatformHashes
public import Secrets
import Synchronization
public import Vocabulary

/// A platform's own accounts, wherever they are: in what form passwords are written, who is told that one was replaced,
/// and whether they answer, which is logged when it changes.
public final class PlatformAccounts: AccountDirectory {
    private let base: any AccountDirectory
    private let form: HashStyle
    private let caches: Caches?
    private let log: Logger
    private let isDown = Mutex(false)
    private let silence = Mutex(Silence())

    /// - Parameters:
    ///   - base: where they are.
    ///   - form: in what form hashes are written there.
    ///   - flush: who is told; nil if nobody is.
    ///   - key: doveadm's, where the address has none.
    ///   - group: on whose event loops doveadm is spoken to.
    public init(
        _ base: any AccountDirectory, form: HashStyle, flush: FlushAddress?, key: Password? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, log: Logger
    ) {
        self.base = base
        self.form = form
        caches = flush.map { Caches($0, key: key, group: group) }
        self.log = log
    }

    public var decidesLogins: Bool { false }
    public var canCreate: Bool { base.canCreate }
    public var isAnswering: Bool { !isDown.withLock { $0 } }
    public var style: HashStyle? { form }
    public var comparesPasswords: Bool { base.comparesPasswords }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        let start = ContinuousClock.now
        if case .isRefused(let error) = silence.withLock({ $0.admit(at: start) }) { throw error }
        do throws(DirectoryError) {
            let entry = try await told { base throws(DirectoryError) in
                try await base.lookup(address, recorded: recorded)
            }
            silence.withLock { $0.answered() }
            return entry
        } catch {
            silence.withLock { $0.failed(error, after: .now - start, at: .now) }
            throw error
        }
    }

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        try await told { base throws(DirectoryError) in try await base.matches(password, of: address) }
    }

    public func others(of address: EmailAddress) async throws(DirectoryError) -> [String] {
        try await told { base throws(DirectoryError) in try await base.others(of: address) }
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        try await told { base throws(DirectoryError) in
            try await base.replace(address, with: hash, ifStill: expected)
        }
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        try await told { base throws(DirectoryError) in try await base.create(address, hash: hash) }
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        try await told { base throws(DirectoryError) in try await base.list(domain, after: cursor, limit: limit) }
    }

    public func flush(_ address: EmailAddress) async {
        do throws(DirectoryError) {
            _ = try await tryFlush(address)
        } catch {
            log.error(
                "a cache may still know the former password: \(error)", metadata: ["account": "\(address)"])
        }
    }

    public func tryFlush(_ address: EmailAddress) async throws(DirectoryError) -> FlushTrial {
        guard let caches else { return .notConfigured }
        try await caches.forget(address)
        return .done
    }

    public func connect() async throws(DirectoryError) {
        try await told { base throws(DirectoryError) in try await base.connect() }
    }

    public func tryReplacement(
        of address: EmailAddress, standing hash: String, by sample: String
    ) async throws(DirectoryError) -> ReplacementTrial {
        try await base.tryReplacement(of: address, standing: hash, by: sample)
    }

    /// Says once that they do not answer, and once that they do again.
    private func told<Answer: Sendable>(
        _ question: (any AccountDirectory) async throws(DirectoryError) -> Answer
    ) async throws(DirectoryError) -> Answer {
        do throws(DirectoryError) {
            let answer = try await question(base)
            if isDown.withLock({ swap(&$0, false) }) { log.notice("the platform's accounts answer again") }
            return answer
        } catch {
            if !isDown.withLock({ swap(&$0, true) }) {
                log.error(
                    "the platform's accounts cannot be read, and first logins are put off meanwhile: \(error)",
                    metadata: ["reason": "directoryUnavailable"])
            }
            throw error
        }
    }
}

private func swap(_ flag: inout Bool, _ value: Bool) -> Bool {
    defer { flag = value }
    return flag
}
