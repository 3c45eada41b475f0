// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailStore
public import Vocabulary

extension MaildirStore {
    /// Ends what a crash interrupted between intending and recording.
    ///
    /// | the file | and then |
    /// | --- | --- |
    /// | is in `tmp/`, whole | it was not delivered: it is now |
    /// | has left this very `tmp/`, and the batch is recent | it was delivered, and is the user's business |
    /// | has left it, but the batch may be over a day old | mail programs clean `tmp/`: delivered if it is in a folder |
    /// | is not in another `tmp/` at the same path | likewise |
    ///
    /// A message is looked for by its name in `new/` and `cur/` of all folders. If it is not found, only its content
    /// can tell.
    ///
    /// Anything delivered here becomes durable with the next ``sync(_:)``.
    /// If the file system takes too long to answer, the work goes on, and may be started again.
    /// - Throws: ``MailStoreError`` `misplaced` if the Maildir is missing: nothing can be said before it is back.
    public func recover(
        _ staged: StagedBatch, of account: EmailAddress, isRecent: Bool
    ) async throws(MailStoreError) -> RecoveredBatch {
        guard let batch = MaildirBatch(staged) else { throw Self.strange }
        let root = path(of: account, folder: .inbox)
        return try await onDevice(of: root) { _ throws(FileError) -> RecoveredBatch in
            let maildir = try Self.place(of: batch, root: root)
            let absenceMeansDelivered = isRecent && maildir.isSame(as: batch.place, isShared: self.isShared)
            var fates: [Fate] = []
            for name in batch.names { fates.append(try Self.deliver(name, in: maildir, seen: batch.seen)) }
            let absent = zip(batch.names, fates).lazy.filter { $1 == .absent }.map { MessageName.temporary($0.0) }
            let found = absenceMeansDelivered ? [] : try self.delivered(of: Set(absent), root: root)
            return RecoveredBatch(
                batch: MaildirBatch(place: maildir.place, names: batch.names, seen: batch.seen).staged(),
                fates: zip(batch.names, fates).map { name, fate in
                    switch fate {
                    case .delivered: .delivered
                    case .damaged: .notDelivered
                    case .absent:
                        absenceMeansDelivered || found.contains(MessageName.temporary(name)) ? .delivered : .unknown
                    }
                })
        }
    }

    /// Where the batch was staged. If that folder is gone, or mail now goes elsewhere: the account's Maildir.
    private static func place(of batch: MaildirBatch, root: String) throws(FileError) -> MaildirPlace {
        guard batch.place.path.hasPrefix(root + "/") else { return try MaildirPlace(path: root) }
        do throws(FileError) {
            return try MaildirPlace(path: batch.place.path)
        } catch  where error.errno == ENOENT {
            return try MaildirPlace(path: root)
        }
    }

    private enum Fate { case delivered, damaged, absent }

    /// Delivers `name` if it is in `tmp/`. A file whose size differs from the recorded one is not the message. It is
    /// left for the next run to remove: once gone, it would look delivered to a recovery that starts again.
    private static func deliver(
        _ name: String, in maildir: MaildirPlace, seen: Bool
    ) throws(FileError) -> Fate {
        guard let status = try maildir.tmp.status(of: MessageName.temporary(name)) else { return .absent }
        if let octets = MessageName.octets(name), octets != status.st_size { return .damaged }
        return try maildir.publish(name, seen: seen) ? .delivered : .absent
    }

    /// Which of `names` (as in `tmp/`) are in a folder, with whatever flags.
    private func delivered(of names: Set<String>, root: String) throws(FileError) -> Set<String> {
        var found: Set<String> = []
        guard !names.isEmpty, let folders = try folders(of: root) else { return found }
        // Twice, because a file that is renamed during the reading may be missed.
        for _ in 0..<2 {
            for folder in folders where found.count < names.count {
                // new comes first: mail programs move files from there to cur, never back.
                for place in ["new", "cur"] {
                    _ = try Self.names(in: "\(folder)/\(place)") { name in
                        if names.contains(name) { found.insert(name) }
                        return false
                    }
                }
            }
        }
        return found
    }
}
