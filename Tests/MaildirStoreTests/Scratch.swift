// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import MailStore
import MessageContent
import Synchronization
import Vocabulary

@testable import MaildirStore

/// A directory of a test's own, with a store in it; removed at the end.
final class Scratch: Sendable {
    let path: String
    private let unmounts = Mutex(false)

    init() throws {
        path = "/tmp/maildir-store-tests.\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit {
        if unmounts.withLock({ $0 }) { Self.run("umount", "--lazy", path) }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Puts a file system of its own over the directory; for root alone.
    func mountTmpfs(_ options: String) {
        if Self.run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path) { unmounts.withLock { $0 = true } }
    }

    @discardableResult
    static func run(_ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    func store(
        _ template: String = "%d/%n/Maildir", layout: FolderLayout = .maildirPlusPlus, directoryMode: UInt32 = 0o700,
        fileMode: UInt32 = 0o600,
        syncBudget: Duration = .seconds(60), patience: Duration = .seconds(60)
    ) throws -> MaildirStore {
        try MaildirStore(
            path: "\(path)/\(template)", contentKey: ContentKey(Array(repeating: 7, count: 32), form: .poly1305),
            pool: FilePool(threads: 3), layout: layout, directoryMode: directoryMode, fileMode: fileMode,
            syncBudget: syncBudget,
            patience: patience)
    }

    var maildir: String { "\(path)/example.org/ann/Maildir" }

    func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(maildir)/\(directory)").sorted()
    }

    func octets(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(maildir)/\(file)")))
    }
}

let ann: EmailAddress = {
    guard let address = try? EmailAddress("Ann@Example.org") else { preconditionFailure("ann is an address") }
    return address
}()

func listed(_ number: Int, uidl: String? = nil) -> ListedMessage {
    ListedMessage(
        number: number, octets: nil, uniqueID: UniqueID(octets: Array((uidl ?? "uidl-\(number)").utf8)))
}

extension MailboxWriter {
    func append(_ octets: some Sequence<UInt8>) {
        Array(octets).withUnsafeBytes { append($0) }
    }

    /// As a well-behaved reader brings it: in pieces, pausing when the writer is full.
    func bring(_ message: ListedMessage, _ octets: [UInt8], pieces: Int = 4096) async {
        begin(message)
        var rest = octets[...]
        while !rest.isEmpty {
            if isFull { await ready() }
            append(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
        }
        end()
    }

    func ready() async {
        await withCheckedContinuation { continuation in whenReady { continuation.resume() } }
    }

    /// All that is staged, once ``finish()`` has been called.
    func all() async throws -> [StagedMessage] {
        var all: [StagedMessage] = []
        for try await messages in staged { all += messages }
        return all
    }
}

extension MaildirStore {
    /// Stages `messages` and ends the writer.
    func stage(
        _ messages: [[UInt8]], options: DeliveryOptions = DeliveryOptions(preserveUIDL: false),
        intended: [StagedBatch] = [], pieces: Int = 4096
    ) async throws -> (batch: StagedBatch, messages: [StagedMessage]) {
        let writer = try await open(ann, options: options, intended: intended)
        for (index, octets) in messages.enumerated() {
            await writer.bring(listed(index + 1), octets, pieces: pieces)
        }
        writer.finish()
        let staged = try await writer.all()
        return (writer.batch(of: staged), staged)
    }

    /// All five steps.
    func deliver(
        _ messages: [[UInt8]], options: DeliveryOptions = DeliveryOptions(preserveUIDL: false), pieces: Int = 4096
    ) async throws -> [StagedMessage] {
        let (batch, staged) = try await stage(messages, options: options, pieces: pieces)
        try require(await sync([batch]))
        try await publish(batch)
        try require(await sync([batch]))
        return staged
    }

    private func require(_ failures: [Int: MailStoreError]) throws {
        if let failure = failures.values.first { throw failure }
    }
}

/// What is in the octets that nobody else looks into.
extension StagedBatch {
    var place: MailboxPlace { MaildirBatch(self)?.place ?? MailboxPlace(path: "", device: 0, inode: 0) }

    var names: [String] {
        get { MaildirBatch(self)?.names ?? [] }
        set {
            guard var batch = MaildirBatch(self) else { return }
            batch.names = newValue
            self = batch.staged(by: run)
        }
    }
}

extension StagedMessage {
    var name: String { handle }
}
