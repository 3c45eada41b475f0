// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// What users' mail programs do, by IMAP, while mail arrives at a platform's own server: they flag messages, file them in
/// folders, and delete some. As ``MailReader`` does in Maildirs.
///
/// In a thread of its own, past the line that the daemon uses. What it deletes it has read before, so that at the end every
/// message can be accounted for.
public final class PlatformReader: Sendable {
    private struct State: Sendable {
        var accounts: [String] = []
        var random: UInt64
        var isStopping = false
        var hasStopped = true
        /// What was deleted, by account and name.
        var deleted: [String: [String: [UInt8]]] = [:]
        var flagged = 0
        var filed = 0
        var deletions = 0
    }

    /// Folders that mail is filed in.
    private static let folders = ["Filed", "Taxes"]
    private static let gone = "deleted"

    private let platform: MailPlatform
    private let state: Mutex<State>

    public init(_ platform: MailPlatform, seed: UInt64) {
        self.platform = platform
        state = Mutex(State(random: seed | 1))
    }

    public func start() {
        state.withLock { $0.hasStopped = false }
        let thread = Thread { [self] in
            var sessions: [String: IMAPReader] = [:]
            while !state.withLock({ $0.isStopping }) {
                for account in state.withLock({ $0.accounts }) { look(into: account, &sessions) }
                usleep(15_000)
            }
            sessions.values.forEach { $0.leave() }
            state.withLock { $0.hasStopped = true }
        }
        thread.start()
    }

    /// Returns when it touches nothing any more.
    public func stop() {
        state.withLock { $0.isStopping = true }
        while !state.withLock({ $0.hasStopped }) { usleep(1000) }
    }

    /// From now on these mailboxes are looked into.
    public func read(_ accounts: [String]) { state.withLock { $0.accounts = accounts } }

    public var flagged: Int { state.withLock { $0.flagged } }
    public var filed: Int { state.withLock { $0.filed } }
    public var deleted: Int { state.withLock { $0.deletions } }

    /// All messages that are in a mailbox or were read and deleted there, by name: one that is there twice has two.
    public func messages(of account: String) throws -> [String: [UInt8]] {
        var all = state.withLock { $0.deleted[account] ?? [:] }
        let reader = try platform.reader(of: account)
        defer { reader.leave() }
        for folder in try reader.folders() {
            for (index, message) in try reader.messages(in: folder).enumerated() {
                all["\(folder)/\(index)"] = message.octets
            }
        }
        return all
    }

    /// Whether a message of this name has left the folder that it had arrived in.
    public static func hasLeft(_ name: String) -> Bool {
        ([gone] + folders).contains { name.hasPrefix($0 + "/") }
    }

    // MARK: What it does

    private func look(into account: String, _ sessions: inout [String: IMAPReader]) {
        do {
            let session = try sessions[account] ?? open(account)
            sessions[account] = session
            let opened = try session.tell("SELECT INBOX")
            let count = opened.lazy.compactMap { $0.line.firstMatch(of: #/^\* (\d+) EXISTS/#).flatMap { UInt64($0.1) } }
                .first
            guard let count, count > 0, pick(3) == 0 else { return }
            try act(on: Int(pick(count)) + 1, of: account, session)
        } catch {
            // As when a mail program's line is lost: it comes back.
            sessions[account] = nil
        }
    }

    private func open(_ account: String) throws -> IMAPReader {
        let session = try IMAPReader(
            port: platform.dovecot.imapPort ?? 0, user: account, password: MailPlatform.password)
        for folder in Self.folders { _ = try? session.tell("CREATE \(folder)") }  // there already
        return session
    }

    private func act(on number: Int, of account: String, _ session: IMAPReader) throws {
        let answers = try session.tell("FETCH \(number) (UID BODY.PEEK[])")
        for (line, literals) in answers {
            guard let octets = literals.first, let uid = line.firstMatch(of: #/UID (\d+)/#)?.1 else { continue }
            switch pick(4) {
            case 0:
                try session.tell("UID STORE \(uid) +FLAGS.SILENT (\\Deleted)")
                try session.tell("UID EXPUNGE \(uid)")
                state.withLock { state in
                    state.deletions += 1
                    state.deleted[account, default: [:]]["\(Self.gone)/\(uid)"] = octets
                }
            case 1:
                try session.tell("UID MOVE \(uid) \(Self.folders[Int(pick(2))])")
                state.withLock { $0.filed += 1 }
            default:
                try session.tell("UID STORE \(uid) +FLAGS.SILENT (\\Seen \\Flagged)")
                state.withLock { $0.flagged += 1 }
            }
        }
    }

    private func pick(_ of: UInt64) -> UInt64 {
        state.withLock { state in
            state.random ^= state.random << 13
            state.random ^= state.random >> 7
            state.random ^= state.random << 17
            return state.random % of
        }
    }
}
