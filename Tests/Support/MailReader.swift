// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc
import Synchronization

/// What a user's mail programs do while mail arrives: they see new messages, flag them, file them in folders, and
/// delete some.
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
        /// What was deleted and may come again, by its Maildir.
        var mayComeAgain: [String: Set<[UInt8]>] = [:]
        /// Maildirs whose deleted messages may come again for now.
        var forgotten: Set<String> = []
        /// Filed under names that a power cut may undo: what is deleted under one could come back under another.
        var unsure: Set<String> = []
        var deletions = 0
        var flagged = 0
        var filed = 0
    }

    /// The Maildir++ folders that mail is filed in.
    private static let folders = [".Archive", ".Work.2019", ".Taxes"]

    private let state: Mutex<State>
    private let files: Bool

    /// - Parameter files: whether it files messages under names of its own.
    public init(seed: UInt64, files: Bool = true) {
        self.files = files
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
    public var filed: Int { state.withLock { $0.filed } }
    public var deleted: Int { state.withLock { $0.deletions } }

    /// All messages that are in a Maildir and its folders or were read and deleted there, by name: one that is there
    /// twice has two.
    public func messages(in maildir: URL) -> [String: [UInt8]] {
        let path = maildir.path
        var all = state.withLock { $0.deleted.filter { $0.key.hasPrefix(path + "/") } }
        for folder in Self.places(in: path).flatMap({ [$0 + "/new", $0 + "/cur"] }) {
            for name in Self.names(in: folder) {
                all[path + "/" + Self.base(name)] = Self.octets(of: "\(folder)/\(name)")
            }
        }
        return all
    }

    // MARK: Whoever delivers forgets

    /// What has been deleted so far, by name.
    public var deletions: Set<String> { state.withLock { Set($0.deleted.keys) } }

    /// Whoever delivers has forgotten what came after `deletions`: what was deleted since then, or is from now on, may
    /// come again, until ``remembers(_:)``.
    public func isForgotten(since deletions: Set<String>, in maildirs: [URL]) {
        state.withLock { state in
            state.forgotten.formUnion(maildirs.map(\.path))
            for (name, octets) in state.deleted where !deletions.contains(name) {
                state.deleted[name] = nil
                state.mayComeAgain[Self.folder(name), default: []].insert(octets)
            }
        }
    }

    /// Whoever delivers knows again what is in this Maildir.
    public func remembers(_ maildir: URL) { state.withLock { _ = $0.forgotten.remove(maildir.path) } }

    /// What was deleted from a Maildir and may have come again, or not.
    public func mayComeAgain(in maildir: URL) -> Set<[UInt8]> {
        state.withLock { $0.mayComeAgain[maildir.path] ?? [] }
    }

    // MARK: What it does

    private func look(into maildir: URL) {
        let path = maildir.path
        for name in Self.names(in: path + "/new") {
            if chance(2) { rename("\(path)/new/\(name)", "\(path)/cur/\(name):2,\(chance(2) ? "S" : "")") }
        }
        for place in Self.places(in: path) {
            for name in Self.names(in: place + "/cur") where chance(place == path ? 8 : 200) {
                let file = "\(place)/cur/\(name)"
                switch pick(6) {
                case 0, 1: delete(file, of: path)
                case 2 where files, 3 where files:
                    self.file(file, of: path, in: "\(path)/\(Self.folders[Int(pick(3))])")
                default:
                    if rename(file, "\(place)/cur/\(Self.base(name)):2,\(chance(2) ? "FS" : "RS")") == 0 {
                        state.withLock { $0.flagged += 1 }
                    }
                }
            }
        }
    }

    private func delete(_ file: String, of maildir: String) {
        let name = Self.name(of: file, in: maildir)
        guard !state.withLock({ $0.unsure.contains(name) }) else { return }
        // A message that cannot be read whole is left for the test to find.
        let octets = Self.octets(of: file)
        guard !octets.isEmpty else { return }
        state.withLock { state in
            guard unlink(file) == 0 else { return }  // under the lock: it is noted before anybody asks
            state.deletions += 1
            if state.forgotten.contains(maildir) {
                state.mayComeAgain[maildir, default: []].insert(octets)
            } else {
                state.deleted[name] = octets
            }
        }
    }

    /// As a mail server's MOVE does: under a name of its own, with flags, and durable.
    private func file(_ file: String, of maildir: String, in folder: String) {
        guard FileManager.default.fileExists(atPath: file) else { return }
        for place in ["", "/tmp", "/new", "/cur"] { mkdir(folder + place, 0o700) }
        let number = state.withLock { state in
            state.filed += 1
            return state.filed
        }
        let name = "17\(number).M\(pick(1_000_000))P\(getpid()).reader,S=\(number):2,\(chance(2) ? "S" : "FS")"
        let known = Self.name(of: name, in: maildir)
        state.withLock { _ = $0.unsure.insert(known) }
        guard rename(file, "\(folder)/cur/\(name)") == 0 else { return }
        // Had it been deleted, a power cut has undone that.
        let before = Self.name(of: file, in: maildir)
        state.withLock { $0.deleted[before] = nil }
        let directory = open(folder + "/cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }  // cut off
        if fsync(directory) == 0 { state.withLock { _ = $0.unsure.remove(known) } }
        close(directory)
    }

    private func chance(_ of: UInt64) -> Bool { pick(of) == 0 }

    private func pick(_ of: UInt64) -> UInt64 {
        state.withLock { state in
            state.random ^= state.random << 13
            state.random ^= state.random >> 7
            state.random ^= state.random << 17
            return state.random % of
        }
    }

    /// A Maildir and its folders.
    private static func places(in maildir: String) -> [String] {
        [maildir] + names(in: maildir).filter { $0.hasPrefix(".") }.map { "\(maildir)/\($0)" }
    }

    /// The Maildir in the name of a message that was deleted.
    private static func folder(_ name: String) -> String {
        URL(filePath: name).deletingLastPathComponent().path
    }

    /// By which a message is known, whatever folder it is in.
    private static func name(of file: String, in maildir: String) -> String {
        "\(maildir)/\(base(String(file.split(separator: "/").last ?? "")))"
    }

    private static func base(_ name: String) -> String { String(name.prefix { $0 != ":" }) }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []  // not made yet, or cut off
    }

    private static func octets(of file: String) -> [UInt8] {
        (try? Data(contentsOf: URL(filePath: file))).map { [UInt8]($0) } ?? []
    }
}
