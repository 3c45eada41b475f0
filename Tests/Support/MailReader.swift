// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc
import Synchronization

/// What a user's mail programs do while mail arrives: they see new messages, flag them, and delete some.
///
/// In a thread of its own, on the Maildirs themselves, with no word to whoever delivers there. What it deletes it has
/// read before, so that at the end every message can be accounted for.
public final class MailReader: Sendable {
    private struct State: Sendable {
        var maildirs: [URL] = []
        var random: UInt64
        var isStopping = false
        var hasStopped = false
        /// What was deleted, by the part of its name that never changes.
        var deleted: [String: [UInt8]] = [:]
        var flagged = 0
    }

    private let state: Mutex<State>

    public init(seed: UInt64) {
        state = Mutex(State(random: seed | 1))
    }

    public func start() {
        let thread = Thread { [self] in
            while !state.withLock({ $0.isStopping }) {
                for maildir in state.withLock({ $0.maildirs }) { look(into: maildir) }
                usleep(3000)
            }
            state.withLock { $0.hasStopped = true }
        }
        thread.start()
    }

    /// Returns when it touches nothing any more.
    public func stop() {
        state.withLock { $0.isStopping = true }
        while !state.withLock({ $0.hasStopped }) { usleep(1000) }
    }

    /// From now on these are looked into.
    public func read(_ maildirs: [URL]) { state.withLock { $0.maildirs = maildirs } }

    public var flagged: Int { state.withLock { $0.flagged } }
    public var deleted: Int { state.withLock { $0.deleted.count } }

    /// All messages that are in a Maildir or were read and deleted there, each by its name: one that is there twice has
    /// two names.
    public func messages(in maildir: URL) -> [[UInt8]] {
        let path = maildir.path
        var all = state.withLock { $0.deleted.filter { $0.key.hasPrefix(path + "/") } }
        for folder in ["new", "cur"] {
            for name in Self.names(in: path + "/" + folder) {
                all[path + "/" + Self.base(name)] = Self.octets(of: "\(path)/\(folder)/\(name)")
            }
        }
        return Array(all.values)
    }

    private func look(into maildir: URL) {
        let path = maildir.path
        for name in Self.names(in: path + "/new") {
            if chance(2) { rename("\(path)/new/\(name)", "\(path)/cur/\(name):2,\(chance(2) ? "S" : "")") }
        }
        for name in Self.names(in: path + "/cur") where chance(8) {
            let file = "\(path)/cur/\(name)"
            if chance(3) {
                // A message that cannot be read whole is left for the test to find.
                let octets = Self.octets(of: file)
                guard !octets.isEmpty else { continue }
                state.withLock { $0.deleted["\(path)/\(Self.base(name))"] = octets }
                unlink(file)
            } else {
                rename(file, "\(path)/cur/\(Self.base(name)):2,\(chance(2) ? "FS" : "RS")")
                state.withLock { $0.flagged += 1 }
            }
        }
    }

    private func chance(_ of: UInt64) -> Bool {
        state.withLock { state in
            state.random ^= state.random << 13
            state.random ^= state.random >> 7
            state.random ^= state.random << 17
            return state.random % of == 0
        }
    }

    private static func base(_ name: String) -> String { String(name.prefix { $0 != ":" }) }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // not made yet, or cut off
    }

    private static func octets(of file: String) -> [UInt8] {
        (try? Data(contentsOf: URL(filePath: file))).map { [UInt8]($0) } ?? []
    }
}
