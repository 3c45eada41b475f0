// SPDX-License-Identifier: Apache-2.0

/// What a place of the mail store is known by: a file of ours says it there, and the records know it. So a file system
/// that is not mounted, another disk, and a mailbox that others have made anew are told from the place that mail was
/// moved to.
public struct StoreMarker: Hashable, Sendable, Codable, CustomStringConvertible {
    /// 32 hexadecimal digits, random, new with each place.
    public var identity: String

    /// - Returns: nil where `identity` is none.
    public init?(identity: some StringProtocol) {
        guard identity.utf8.count == 32, identity.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.identity = String(identity)
    }

    private init(random: (UInt64, UInt64)) {
        func digits(_ half: UInt64) -> String {
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        identity = digits(random.0) + digits(random.1)
    }

    /// One that no other place has.
    public static func random() -> StoreMarker {
        StoreMarker(random: (.random(in: .min ... .max), .random(in: .min ... .max)))
    }

    public var description: String { identity }
}

/// Where a store keeps a marker.
public enum StoreLevel: String, Sendable, Codable, CaseIterable {
    /// What all mail is below.
    case base
    /// What a domain's mail is below, where a link or a mount leads to a disk of its own.
    case domain
    case mailbox
}

/// By level; none for a level that is not there, or not known.
public typealias StoreMarkers = [StoreLevel: StoreMarker]

/// How many messages runs have brought, by the number that a run has in the names of its messages.
public typealias RunMarks = [Int64: Int64]

/// What a batch tells of the run that it belongs to; not kept with an intent.
public struct StagedRun: Hashable, Sendable, Codable {
    /// Its number in names.
    public var mark: Int64
    /// The highest number of a message in the batch.
    public var last: Int64
    /// As they stand where the run delivers.
    public var markers: StoreMarkers
    /// What the store notes the run in, in its own form.
    public var note: String

    public init(mark: Int64, last: Int64, markers: StoreMarkers, note: String) {
        self.mark = mark
        self.last = last
        self.markers = markers
        self.note = note
    }
}

/// What became of a message that was intended.
public enum MessageFate: Sendable, Hashable {
    /// It is in the mailbox, or was.
    case delivered
    /// It is to be fetched again.
    case notDelivered
    /// It is not where it was staged, and nowhere under its name. It may have been delivered and been given another
    /// name since; or something has cleaned up what was staged.
    case unknown
}

/// What a recovery has found.
public struct RecoveredBatch: Sendable, Hashable {
    /// Where the batch's mailbox stands now; to be synced.
    public var place: MailboxPlace
    /// Of each message, in the batch's order.
    public var fates: [MessageFate]

    public init(place: MailboxPlace, fates: [MessageFate]) {
        self.place = place
        self.fates = fates
    }
}

extension MailStoreError {
    /// Of a place that mail was moved to, and that does not bear its marker.
    public static func unmarked(_ level: StoreLevel, path: String, _ what: String) -> MailStoreError {
        MailStoreError(
            code: .unmarked, path: path, errno: 0,
            detail: "\(path) is not the place that mail was moved to: \(what). See whether its file system is mounted, "
                + "and whether it is the right one. Where mail shall go to what is there now, say so: "
                + "mailmovectl doctor ACCOUNT --accept-empty")
    }
}
