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
    /// | has left this very `tmp/` | it was delivered, and is the user's business |
    /// | has left it, but the batch is over a day old | mail programs clean `tmp/`: delivered if it is in `new/` or `cur/` |
    /// | is not in another `tmp/` at the same path | likewise |
    ///
    /// What it delivers becomes durable with the next ``sync(_:)``.
    /// Where the file system takes too long to answer, what was begun goes on, and may be begun again.
    /// - Throws: ``MailStoreError`` `misplaced` where the Maildir is missing: nothing can be said before it is back.
    public func recover(
        _ batch: StagedBatch, recordedAt: Timestamp
    ) async throws(MailStoreError) -> [Bool] {
        try await onDevice(of: batch.place.path) { _ throws(MailStoreError) -> [Bool] in
            let maildir = try MaildirPlace(path: batch.place.path)
            // A clock that was put back makes the age unknown.
            let isYoung = (-3600..<86400).contains(Timestamp.now.seconds(since: recordedAt))
            let absenceMeansDelivered = maildir.isSame(as: batch.place) && isYoung
            var fates: [Fate] = []
            for name in batch.names { fates.append(try Self.deliver(name, in: maildir, seen: batch.seen)) }
            let absent = zip(batch.names, fates).lazy.filter { $1 == .absent }.map { MessageName.temporary($0.0) }
            let found = absenceMeansDelivered ? [] : try maildir.delivered(of: Set(absent))
            return zip(batch.names, fates).map { name, fate in
                switch fate {
                case .delivered: true
                case .damaged: false
                case .absent: absenceMeansDelivered || found.contains(MessageName.temporary(name))
                }
            }
        }
    }

    private enum Fate { case delivered, damaged, absent }

    /// Delivers `name` if it is in `tmp/`. A file of another size than was recorded is not the message. It is left
    /// there for the next run to remove: once gone, it would look delivered to a recovery that begins anew.
    private static func deliver(
        _ name: String, in maildir: MaildirPlace, seen: Bool
    ) throws(MailStoreError) -> Fate {
        guard let status = try maildir.tmp.status(of: MessageName.temporary(name)) else { return .absent }
        if let octets = MessageName.octets(name), octets != status.st_size { return .damaged }
        return try maildir.publish(name, seen: seen) ? .delivered : .absent
    }
}
