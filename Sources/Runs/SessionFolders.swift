// SPDX-License-Identifier: Apache-2.0

package import MailSource
package import MailStore
package import Records
package import Vocabulary

/// The folders of one session, beside what is remembered of the account's folders: a value, without I/O.
struct SessionFolders: Sendable {
    let folders: [SourceFolder]
    let names: LedgerNames
    private let known: [FolderFigures]
    private let inbox: [String]
    /// The numbers of folders whose targets could not be made: the next session tries again, though they are empty.
    var unmade: Set<Int> = []

    /// - Parameter inbox: where mail of the inbox goes, as the settings name it.
    init(_ folders: [SourceFolder], names: LedgerNames, known: [FolderFigures], inbox: String) {
        self.folders = folders.sorted { $0.number < $1.number }
        self.names = names
        self.known = known
        self.inbox = NewFolder.levels(of: inbox)
    }

    func target(of folder: SourceFolder) -> [String] { folder.target == NewFolder.inbox ? inbox : folder.target }

    /// By the folders' numbers.
    var targets: [[String]] { folders.map(target) }

    /// Folders that show mail of others.
    var views: Set<Int> { Set(folders.filter(\.showsOthers).map(\.number)) }

    /// Those whose targets are to be made, empty or not: which no session before has listed, or which go elsewhere now. A
    /// user who deletes one here does not get it back before there is mail for it.
    var new: [NewFolder] {
        // Where nothing has arrived, the folder may not have been made.
        let made = Set(
            known.filter { $0.moved > 0 || $0.folder.remaining == 0 }.map {
                Origin(path: $0.folder.path, target: $0.folder.target)
            })
        return folders.compactMap { folder in
            let target = target(of: folder)
            guard target != NewFolder.inbox, !made.contains(Origin(path: folder.path, target: target)) else {
                return nil
            }
            return NewFolder(target, isSubscribed: folder.isSubscribed)
        }
    }

    private struct Origin: Hashable {
        var path: [String]
        var target: [String]
    }

    /// Up to where all messages of a folder have been moved; nil if that is not known.
    func mark(of folder: SourceFolder) -> FolderMark? {
        // What is shown of others is told from the whole.
        guard !folder.showsOthers else { return nil }
        let source = names.source(of: folder.number)
        return known.first { $0.folder.source == source }?.mark
    }

    /// The numbers of folders whose targets are among these, with what is said there.
    func numbers<Value>(of targets: [[String]: Value]) -> [Int: Value] {
        guard !targets.isEmpty else { return [:] }
        return folders.reduce(into: [:]) { $0[$1.number] = targets[target(of: $1)] }
    }

    /// What is to be remembered from now on, as far as it differs from what is.
    /// - Parameters:
    ///   - remaining: how many messages are only on the old server, by the folder's number.
    ///   - marks: of folders all of whose other messages have been moved; nil where those are not known yet.
    func records(remaining: [Int: Int], marks: [Int: FolderMark]? = nil) -> [FolderRecord] {
        // A mailbox of POP3 has the one folder that the account's own figures are about.
        guard folders.contains(where: { $0.validity != 0 || $0.path != SourceFolder.inbox }) else { return [] }
        let before = Dictionary(known.map { ($0.folder.source, $0) }) { first, _ in first }
        return folders.compactMap { folder in
            let source = names.source(of: folder.number)
            let known = before[source]
            if known == nil, unmade.contains(folder.number), remaining[folder.number] ?? 0 == 0 { return nil }
            let record = FolderRecord(
                source: source, path: folder.path, target: target(of: folder), specialUse: folder.specialUse,
                remaining: Int64(remaining[folder.number] ?? 0), moved: known?.moved ?? 0,
                mark: remaining[folder.number] ?? 0 > 0 || folder.showsOthers
                    ? nil : marks.map { $0[folder.number] } ?? known?.mark)
            if let known {
                var same = record
                // Without a mark, the number only moves with the rest.
                if record.mark == nil { same.moved = known.folder.moved }
                if known.folder == same { return nil }
            }
            return record
        }
    }

    /// What is remembered of folders that are over there no longer, or are numbered anew: nothing remains in them.
    /// - Parameter unread: numbers of folders of which something has been left behind, whatever they were called then.
    func emptied(except unread: Set<Int>) -> [FolderRecord] {
        let listed = Set(folders.map { names.source(of: $0.number) })
        let left = Set(folders.filter { unread.contains($0.number) }.map(\.path))
        return known.filter { figures in
            figures.remaining != 0 && !listed.contains(figures.folder.source) && !left.contains(figures.folder.path)
        }.map { figures in
            var record = figures.folder
            record.remaining = 0
            return record
        }
    }

    /// The sources under which messages of a folder are in the ledger, whatever numbers they had.
    func sources(of folder: SourceFolder) -> Set<Int64> {
        Set(known.filter { $0.folder.path == folder.path }.map(\.folder.source) + [names.source(of: folder.number)])
    }
}

extension FolderRules {
    /// Which folders of an account move, and where to.
    package init(_ options: MoveOptions, _ names: FolderNames, known: [FolderFigures]) {
        self.init()
        exclude = options.folders.exclude
        // Names come before patterns, and longer ones before shorter ones: what says more counts.
        map = options.folders.map.sorted { one, other in
            let (isPattern, isOther) = (one.key.contains("*"), other.key.contains("*"))
            if isPattern != isOther { return isOther }
            return (other.key.utf8.count, one.key) < (one.key.utf8.count, other.key)
        }.map { Mapping($0.key, to: $0.value) }
        movesShared = options.folders.shared
        specialTargets = names.special
        unholdable = names.unholdable
        reserved = names.reserved
        for figures in known {
            let folder = figures.folder
            earlier[folder.path.joined(separator: "/")] = folder.target.joined(separator: "/")
        }
    }
}
