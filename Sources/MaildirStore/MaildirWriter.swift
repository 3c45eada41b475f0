// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailStore
import MessageIntake
import Synchronization
public import Vocabulary

/// Takes the messages of one run into a Maildir's `tmp/`: a ``SlabIntake`` takes what arrives, and its jobs write files.
public final class MaildirWriter: MailboxWriter {
    private let folders: TargetFolders
    private let run: StagedRun
    private let options: DeliveryOptions
    /// The threads of the mailbox's file system.
    private let pool: FilePool
    private let intake: SlabIntake

    /// The file side, boxed so that it can outlive the writer until its last file is closed.
    private final class Files: Sendable {
        let staging: Mutex<Staging>

        init(_ staging: sending Staging) { self.staging = Mutex(staging) }
    }

    init(
        folders: TargetFolders, run: StagedRun, options: DeliveryOptions, unsynced: Unsynced, staging: sending Staging
    ) {
        self.folders = folders
        self.run = run
        self.options = options
        let pool = folders.pool
        self.pool = pool
        let files = Files(staging)
        intake = SlabIntake(
            submit: { pool.submit($0) }, header: { options.header(above: $0) },
            ended: {
                pool.submit {
                    files.staging.withLock { $0.abandon() }
                    withExtendedLifetime(folders) {}
                }
            },
            write: { slab, messages in
                var failure: FileError?
                files.staging.withLock { staging in
                    do throws(FileError) { try staging.write(slab, into: &messages) } catch { failure = error }
                }
                for (folder, here) in Dictionary(grouping: messages, by: \.message.folder) {
                    unsynced.add(here.map { MessageName.temporary($0.handle) }, in: folders.place(of: folder))
                }
                return failure.map { MailStoreError($0) }
            })
    }

    // MARK: MessageSink

    public func begin(_ message: ListedMessage) { intake.begin(message) }

    public func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        intake.append(upTo: count, fill)
    }

    public func end() { intake.end() }

    public func abandon() { intake.abandon() }

    public func flush() { intake.flush() }

    public var isFull: Bool { intake.isFull }

    public func whenReady(_ resume: @escaping @Sendable () -> Void) { intake.whenReady(resume) }

    // MARK: MailboxWriter

    public var staged: AsyncThrowingStream<[StagedMessage], any Error> { intake.staged }

    public func finish() { intake.finish() }

    public func discard(_ messages: [StagedMessage]) async throws(MailStoreError) {
        do throws(FileError) {
            try await pool.run { [folders] () throws(FileError) -> Void in
                for (folder, messages) in Dictionary(grouping: messages, by: \.message.folder) {
                    let tmp = try MaildirPlace(folders.place(of: folder)).tmp
                    for message in messages { try tmp.remove(MessageName.temporary(message.handle)) }
                }
            }
        } catch {
            throw MailStoreError(error)
        }
    }

    public func takeKeywords(of messages: [StagedMessage]) async throws(MailStoreError) {
        guard options.flags == .keep else { return }
        let marked = messages.filter { !$0.keywords.isEmpty }
        guard !marked.isEmpty else { return }
        do throws(FileError) {
            try await pool.run { [folders] () throws(FileError) -> Void in
                for (folder, messages) in Dictionary(grouping: marked, by: \.message.folder) {
                    _ = try folders.keywords(of: folder, adding: Set(messages.flatMap(\.keywords)))
                }
            }
        } catch {
            throw MailStoreError(error)
        }
    }

    public func batch(of messages: [StagedMessage]) -> StagedBatch {
        var run = run
        run.last = messages.compactMap { MessageName.run($0.handle)?.number }.max() ?? 0
        let isSeen = options.markSeen == .all
        let names = messages.map { message in
            let letters =
                options.flags == .keep ? folders.letters(of: message.keywords, in: message.message.folder) : ""
            let flags = options.flags(of: message.message)
            // All that are only seen are so by the batch.
            return isSeen && flags == .seen && letters.isEmpty
                ? message.handle : MessageName.flagged(message.handle, flags, letters)
        }
        let place = folders.place(of: messages.first?.message.folder ?? 0)
        return MaildirBatch(place: place, names: names, seen: isSeen).staged(by: run)
    }
}
