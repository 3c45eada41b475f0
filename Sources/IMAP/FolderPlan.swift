// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Where each folder of an old mailbox goes, decided only from the list of folders.
///
/// 1. Personal folders move; other users' and shared ones only on request. Folders that show mail of other folders
///    (`\Flagged`, `\Important`) do not; from `\All`, mail that is nowhere else goes into the archive.
/// 2. A folder's path is its name without the prefix of its namespace, with `/` between levels.
/// 3. Its target is the first that applies: the administrator's mapping; its earlier target; its special use (RFC 6154,
///    XLIST); a well-known name, if no other folder has that special use; its own path. Folders below one with a target
///    of its own move with it.
/// 4. Characters that the new platform's names cannot hold are replaced. Two folders are merged if the target is a
///    special one; otherwise the second gets a suffix.
public struct FolderPlan: Hashable, Sendable {
    public enum Fate: Hashable, Sendable {
        case moves
        /// It shows all mail: only what is in no other folder moves.
        case movesWhatIsNowhereElse
        /// By a pattern of the administrator.
        case excluded
        /// It shows mail that is elsewhere.
        case isView
        /// It belongs to somebody else, or to many.
        case isNotPersonal
        /// It has no mail of its own and cannot be opened.
        case cannotBeOpened
    }

    public struct Folder: Hashable, Sendable {
        public var listed: ListedMailbox
        /// For people: in UTF-8, with `/` between levels, without the prefix.
        public var path: String
        public var specialUse: SpecialUse?
        public var fate: Fate
        /// Where it goes, in levels; empty where it does not move.
        public var target: [String]

        /// Whether it only shows mail that is elsewhere, or all.
        fileprivate var showsOthers: Bool { [.all, .flagged, .important].contains(specialUse) }

        /// The same, with `/` between levels.
        public var targetPath: String { target.joined(separator: "/") }
    }

    public struct Rules: Hashable, Sendable {
        public var exclude: [FolderPattern] = []
        /// From path to path; a `*` in the first stands for anything, which takes the place of the `*` in the second.
        public var map: [(pattern: FolderPattern, target: String)] = []
        /// Whether folders of others and shared ones move too.
        public var movesShared = false
        /// What the new platform calls its special folders, with `/` between levels.
        public var specialTargets = SpecialUse.usualNames
        /// Path to target of what was decided before.
        public var earlier: [String: String] = [:]
        /// What the new platform's names cannot hold, beside `/` and control characters.
        public var unholdable: Set<Unicode.Scalar> = []
        /// Levels that the new platform has a use of its own for.
        public var reserved: [FolderPattern] = []
        /// Octets of one level, as the target writes it (in modified UTF-7, where that is longer).
        public var longestLevel = 250

        public init() {}

        public static func == (left: Rules, right: Rules) -> Bool {
            left.exclude == right.exclude && left.movesShared == right.movesShared && left.earlier == right.earlier
                && left.specialTargets == right.specialTargets && left.unholdable == right.unholdable
                && left.reserved == right.reserved && left.longestLevel == right.longestLevel
                && left.map.elementsEqual(right.map) { $0.pattern == $1.pattern && $0.target == $1.target }
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(exclude)
            hasher.combine(earlier)
            hasher.combine(map.map(\.target))
        }
    }

    /// In the order of the list; the inbox first.
    public private(set) var folders: [Folder] = []

    /// Folders that an administrator has excluded, where one that moves shows all mail: their mail must not come by that.
    public var excludedFromViews: [MailboxName] {
        guard folders.contains(where: { $0.fate == .movesWhatIsNowhereElse }) else { return [] }
        return folders.lazy.filter { folder in
            folder.fate == .excluded && (folder.listed.isSelectable || folder.listed.isInbox) && !folder.showsOthers
        }.map(\.listed.name)
    }

    public init(_ listed: [ListedMailbox], namespaces: Namespaces? = nil, rules: Rules = Rules()) {
        // A server may list a folder twice, and the inbox under a prefix, too.
        var seen: Set<MailboxName> = []
        let listed = listed.filter { seen.insert($0.name).inserted }
        let prefix = Self.prefix(of: listed, namespaces)
        folders = listed.map { Self.folder($0, prefix: prefix, namespaces, rules) }
        folders = folders.filter(\.listed.isInbox) + folders.filter { !$0.listed.isInbox }
        recognizeNames()
        tellPathsApart()
        assignTargets(rules)
    }

    // MARK: - Folders

    /// More than servers have; what is deeper counts as one level.
    private static let mostLevels = 32

    /// `INBOX.`, where all folders lie below the inbox: by the namespace or, without one, by their names.
    private static func prefix(of listed: [ListedMailbox], _ namespaces: Namespaces?) -> [UInt8] {
        if let personal = namespaces?.personal.first { return personal.prefix }
        let others = listed.filter { !$0.isInbox }
        guard let delimiter = others.first?.delimiter else { return [] }
        let prefix = Array("INBOX".utf8) + [delimiter]
        return others.allSatisfy { $0.name.octets.prefix(prefix.count).uppercasedText == prefix.uppercasedText }
            ? prefix : []
    }

    private static func folder(
        _ listed: ListedMailbox, prefix: [UInt8], _ namespaces: Namespaces?, _ rules: Rules
    ) -> Folder {
        let octets = listed.name.octets
        let isBelowPrefix =
            octets.count > prefix.count && octets.prefix(prefix.count).uppercasedText == prefix.uppercasedText
        let inside = isBelowPrefix ? Array(octets.dropFirst(prefix.count)) : octets
        var levels = listed.isInbox ? ["INBOX"] : MailboxName(octets: inside).levels(listed.delimiter)
        if levels.count > Self.mostLevels {
            levels = levels.prefix(Self.mostLevels - 1) + [levels[(Self.mostLevels - 1)...].joined(separator: "_")]
        }
        let path = levels.map { FolderPath.composed($0.replacing("/", with: "_")) }.joined(separator: "/")
        var folder = Folder(
            listed: listed, path: path, specialUse: listed.isInbox ? nil : listed.specialUse, fate: .moves, target: [])
        if !rules.movesShared, isForeign(octets, namespaces) {
            folder.fate = .isNotPersonal
        } else if rules.exclude.contains(where: { $0.matches(path) }) {
            folder.fate = .excluded
        } else if !listed.isSelectable && !listed.isInbox || path.isEmpty {
            folder.fate = .cannotBeOpened
        } else if folder.specialUse == .flagged || folder.specialUse == .important {
            folder.fate = .isView
        } else if folder.specialUse == .all {
            folder.fate = .movesWhatIsNowhereElse
        }
        return folder
    }

    /// Whether a name lies in a namespace of others: by the longest prefix, for that of one's own is often empty.
    private static func isForeign(_ octets: [UInt8], _ namespaces: Namespaces?) -> Bool {
        guard let namespaces else { return false }
        func longest(_ all: [Namespaces.Namespace]) -> Int? {
            all.filter { space in
                octets.starts(with: space.prefix)
                    // The root of a namespace is listed without its delimiter.
                    || space.delimiter != nil && octets == Array(space.prefix.dropLast()) && !space.prefix.isEmpty
            }.map(\.prefix.count).max()
        }
        guard let foreign = longest(namespaces.otherUsers + namespaces.shared) else { return false }
        // An empty prefix is everybody's.
        return foreign > longest(namespaces.personal) ?? -1
    }

    private mutating func recognizeNames() {
        let said = Set(folders.compactMap(\.specialUse))
        for index in folders.indices where folders[index].specialUse == nil && !folders[index].listed.isInbox {
            // Some servers keep them below the inbox, and others beside it.
            let levels = folders[index].path.split(separator: "/")
            let names = levels.first == "INBOX" ? levels.dropFirst() : levels[...]
            guard names.count == 1, let use = SpecialUse.ofWellKnownName(String(names[names.startIndex])),
                !said.contains(use)
            else { continue }
            folders[index].specialUse = use
        }
    }

    /// Each folder has a path of its own, by which it is known in the next session: what `/` within a level was replaced
    /// by, or a prefix that is gone, may make two alike. Decided by their names, for a server may list them in any order.
    private mutating func tellPathsApart() {
        let moving = folders.indices.filter { [.moves, .movesWhatIsNowhereElse].contains(folders[$0].fate) }
        var taken: Set<[UInt8]> = []
        let paths = Dictionary(grouping: moving) { FolderPath.key(folders[$0].path) }
        for (path, indices) in paths where indices.count == 1 { taken.insert(path) }
        for indices in paths.values.filter({ $0.count > 1 }).sorted(by: { $0[0] < $1[0] }) {
            let sorted = indices.sorted { one, other in
                let (isInbox, isOther) = (folders[one].listed.isInbox, folders[other].listed.isInbox)
                if isInbox != isOther { return isInbox }
                return folders[one].listed.name.octets.lexicographicallyPrecedes(folders[other].listed.name.octets)
            }
            let path = folders[sorted[0]].path
            taken.insert(FolderPath.key(path))
            var number = 2
            for index in sorted.dropFirst() {
                while !taken.insert(FolderPath.key("\(path) \(number)")).inserted { number += 1 }
                folders[index].path = "\(path) \(number)"
            }
        }
    }

    // MARK: - Targets

    private mutating func assignTargets(_ rules: Rules) {
        /// Targets of their own, by the keys of the paths: what is below goes with them.
        var own: [[UInt8]: [String]] = [:]
        let earlier = Dictionary(
            rules.earlier.map { (FolderPath.key($0.key), Self.levels($0.value)) },
            uniquingKeysWith: { first, _ in first })
        for folder in folders where folder.fate != .isNotPersonal {
            if let target = Self.ownTarget(of: folder, rules, earlier: earlier[FolderPath.key(folder.path)]) {
                own[FolderPath.key(folder.path)] = target
            }
        }
        let special = Set(rules.specialTargets.values.map { FolderPath.key($0) } + [FolderPath.key("INBOX")])
        var taken: Set<[UInt8]> = []
        // What was mapped before comes first, so that no newcomer takes its target.
        let moving = folders.indices.filter { [.moves, .movesWhatIsNowhereElse].contains(folders[$0].fate) }
        let known = Set(moving.filter { earlier[FolderPath.key(folders[$0].path)] != nil })
        for index in moving.filter(known.contains) + moving.filter({ !known.contains($0) }) {
            var target = Self.target(of: folders[index].path, own).map { Self.holdable($0, rules) }
            var key = FolderPath.key(target.joined(separator: "/"))
            if !special.contains(key) {
                let last = target.removeLast()
                var number = 1
                while taken.contains(key) || number > 1 && special.contains(key) {
                    number += 1
                    key = FolderPath.key((target + [Self.suffixed(last, number, rules)]).joined(separator: "/"))
                }
                target.append(number == 1 ? last : Self.suffixed(last, number, rules))
            }
            taken.insert(key)
            folders[index].target = target
        }
    }

    private static func ownTarget(of folder: Folder, _ rules: Rules, earlier: [String]?) -> [String]? {
        for (pattern, target) in rules.map {
            guard let wildcards = pattern.wildcards(in: folder.path) else { continue }
            let filled = wildcards.reduce(target) { target, wildcard in
                guard let star = target.firstIndex(of: "*") else { return target }
                return target.replacingCharacters(star, with: wildcard)
            }
            let levels = levels(filled)
            if !levels.isEmpty { return levels }
        }
        if folder.listed.isInbox { return ["INBOX"] }
        if let earlier, !earlier.isEmpty { return earlier }
        let use = folder.specialUse == .all ? .archive : folder.specialUse
        return use.flatMap { rules.specialTargets[$0] }.map { levels($0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Its own, or that of the nearest folder above that has one.
    private static func target(of path: String, _ own: [[UInt8]: [String]]) -> [String] {
        let levels = levels(path)
        for count in stride(from: levels.count, to: 0, by: -1) {
            let key = FolderPath.key(levels.prefix(count).joined(separator: "/"))
            // The inbox is above nothing: what lies below it stays there.
            guard let target = own[key], count == levels.count || target != ["INBOX"] else { continue }
            return target + levels.dropFirst(count)
        }
        return levels
    }

    private static func levels(_ path: String) -> [String] {
        FolderPath.spelled(path.split(separator: "/").map(String.init))
    }

    // MARK: - Names

    private static func holdable(_ level: String, _ rules: Rules) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in level.unicodeScalars {
            let isControl =
                scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
            scalars.append(isControl || scalar == "/" || rules.unholdable.contains(scalar) ? "_" : scalar)
        }
        var name = FolderPath.composed(String(scalars))
        // `.` and `..` are no names of folders, and a server may take a leading `~` for somebody's home.
        if name.isEmpty || name.allSatisfy({ $0 == "." }) || name.hasPrefix("~") { name = "_\(name.dropFirst())" }
        if rules.reserved.contains(where: { $0.matches(name) }) { name = "_\(name)" }
        return shortened(name, to: rules.longestLevel)
    }

    private static func suffixed(_ level: String, _ number: Int, _ rules: Rules) -> String {
        let suffix = " \(number)"
        return shortened(level, to: rules.longestLevel - suffix.utf8.count) + suffix
    }

    private static func shortened(_ name: String, to longest: Int) -> String {
        // By scalars: a letter with all its marks may be longer than that.
        var scalars = String.UnicodeScalarView(name.unicodeScalars.prefix(max(longest, 8)))
        while max(String(scalars).utf8.count, ModifiedUTF7.encode(String(scalars)).count) > max(longest, 8) {
            scalars.removeLast()
        }
        return String(scalars)
    }
}

extension String {
    fileprivate func replacingCharacters(_ index: Index, with text: String) -> String {
        String(self[..<index]) + text + String(self[self.index(after: index)...])
    }
}
