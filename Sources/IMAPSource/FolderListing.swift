// SPDX-License-Identifier: Apache-2.0

import IMAP
import Vocabulary

/// The messages of the open folder, collected from responses in any order: attributes come split over several, twice,
/// and about messages that nobody has asked for.
struct FolderListing: Sendable {
    struct Entry: Hashable, Sendable {
        var uid: UInt32
        var flags: MessageFlags = []
        var hasFlags = false
        /// Whether it has what is sent only when asked for: a size or a date.
        var isCertain = false
        var seconds: UInt32 = 0
        var octets: UInt64?
    }

    /// More than a mailbox has, in which no mistake of a server leads to more memory than there is.
    static let mostMessages = 2_500_000

    /// Of one message, and of all of a folder: more than mail programs make.
    private static let mostKeywords = 64
    private static let mostWords = 1024

    private var entries: [Entry] = []
    /// Places in ``words``, by UID.
    private var keywords: [UInt32: [UInt16]] = [:]
    private var words: [String] = []
    private var places: [String: UInt16] = [:]
    private(set) var hasTooMany = false
    /// How many messages the folder has, by the last word on it.
    private(set) var messages: Int

    init(messages: Int) { self.messages = messages }

    mutating func hear(_ response: Response) {
        switch response {
        case .exists(let count): messages = Int(count)
        case .expunged: messages = max(0, messages - 1)
        case .fetched(let fetched): hear(fetched)
        default: break
        }
    }

    private mutating func hear(_ fetched: Fetched) {
        guard let uid = fetched.uid else { return }
        guard entries.count < Self.mostMessages * 2 else {
            hasTooMany = true
            return
        }
        var entry = Entry(uid: uid)
        if let flags = fetched.flags {
            entry.flags = MessageFlags(flags)
            entry.hasFlags = true
            let words = flags.filter(\.isKeyword).prefix(Self.mostKeywords).compactMap { place(of: $0.name) }
            keywords[uid] = words.isEmpty ? nil : words
        }
        entry.octets = fetched.octets
        if let date = fetched.date { entry.seconds = UInt32(exactly: date.milliseconds / 1000) ?? 0 }
        entry.isCertain = fetched.octets != nil || fetched.date != nil
        if let last = entries.last, last.uid == uid {
            entries[entries.count - 1].add(entry)
        } else {
            entries.append(entry)
        }
    }

    /// nil for one too many.
    private mutating func place(of word: String) -> UInt16? {
        if let place = places[word] { return place }
        guard words.count < Self.mostWords else { return nil }
        words.append(word)
        places[word] = UInt16(words.count - 1)
        return UInt16(words.count - 1)
    }

    /// Sorts by UID, which is the order of arrival, and joins what was split.
    mutating func join() {
        if !zip(entries, entries.dropFirst()).allSatisfy({ $0.uid < $1.uid }) {
            // Stable: the later of two flags counts.
            let order = entries.indices.sorted { (entries[$0].uid, $0) < (entries[$1].uid, $1) }
            var joined: [Entry] = []
            joined.reserveCapacity(entries.count)
            for index in order {
                if joined.last?.uid == entries[index].uid {
                    joined[joined.count - 1].add(entries[index])
                } else {
                    joined.append(entries[index])
                }
            }
            entries = joined
        }
    }

    /// Whether every message that the server has counted is here, and none that may not exist. After ``join()``.
    var isComplete: Bool { isComplete(of: messages) }

    /// Where the server has counted this many.
    func isComplete(of messages: Int) -> Bool { entries.count == messages && entries.allSatisfy(\.isCertain) }

    /// Those of `uids` about which nothing is known.
    func missing(of uids: UIDSet) -> UIDSet {
        let known = UIDSet(entries.lazy.filter(\.isCertain).map(\.uid))
        return UIDSet(uids.uids.filter { !known.contains($0) })
    }

    /// Only those of `uids`; those that nothing is known of, without size and date. After ``join()``.
    mutating func limit(to uids: UIDSet) {
        var next = entries.makeIterator()
        var entry = next.next()
        var all: [Entry] = []
        for uid in uids.uids {
            while let current = entry, current.uid < uid { entry = next.next() }
            if let current = entry, current.uid == uid { all.append(current) } else { all.append(Entry(uid: uid)) }
        }
        entries = all
    }

    /// Without these.
    mutating func leaveOut(_ uids: UIDSet) { if !uids.isEmpty { entries.removeAll { uids.contains($0.uid) } } }

    /// Without those that may not exist.
    mutating func removeUncertain() { entries.removeAll { !$0.isCertain } }

    /// In ascending order of UIDs. After ``join()``.
    var messageEntries: [Entry] { entries }

    func keywords(of uid: UInt32) -> [String]? { keywords[uid]?.map { words[Int($0)] } }
}

extension FolderListing.Entry {
    fileprivate mutating func add(_ later: Self) {
        if later.hasFlags { (flags, hasFlags) = (later.flags, true) }
        if later.seconds != 0 { seconds = later.seconds }
        octets = later.octets ?? octets
        isCertain = isCertain || later.isCertain
    }

    var date: Timestamp? { seconds == 0 ? nil : Timestamp(milliseconds: Int64(seconds) * 1000) }
}

extension MessageFlags {
    init(_ flags: [Flag]) {
        self = []
        for flag in flags {
            switch flag {
            case .seen: insert(.seen)
            case .answered: insert(.answered)
            case .flagged: insert(.flagged)
            case .draft: insert(.draft)
            case .deleted: insert(.deleted)
            default: break
            }
        }
    }
}
