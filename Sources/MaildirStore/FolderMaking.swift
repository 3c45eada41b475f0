// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
public import MailStore
public import Vocabulary

extension MaildirStore {
    @discardableResult
    public func make(
        _ folders: [NewFolder], of account: EmailAddress, expecting expected: StoreMarkers
    ) async throws(MailStoreError) -> [[String]: String] {
        guard !folders.isEmpty else { return [:] }
        try await onDevice(of: path(of: account, folder: .inbox)) { isAwaited throws(FileError) -> Void in
            var made: [Directory] = []
            let (inbox, markers) = try self.maildir(of: account, folder: .inbox, expecting: expected, made: &made)
            var subscribed: [FolderName] = []
            // One sync for all, where it can be trusted; there may be thousands.
            let isSyncedAtOnce = DeviceSync.isWholeSyncTrusted(inbox.tmp.fd)
            for folder in folders {
                guard isAwaited() else { return }
                let name = FolderName(folder.levels, self.layout)
                guard name != .inbox else { continue }
                if folder.isSubscribed { subscribed.append(name) }
                let path = self.path(of: account, folder: name)
                if (try? MaildirPlace(path: path)) != nil { continue }
                // Thousands of open directories would be too many.
                var below: [Directory] = []
                _ = try self.maildir(of: account, folder: name, expecting: markers, made: &below)
                for directory in below where !isSyncedAtOnce && fsync(directory.fd) != 0 {
                    throw .system(errno, path: directory.path)
                }
            }
            if isSyncedAtOnce, syncfs(inbox.tmp.fd) != 0 { throw .system(errno, path: inbox.path) }
            for directory in made where fsync(directory.fd) != 0 { throw .system(errno, path: directory.path) }
            try self.subscribe(to: subscribed, in: Directory(path: inbox.path, followsLink: false))
        }
        return [:]
    }

    /// Adds to the file of subscriptions, in either of Dovecot's forms: names with what the layout has between levels, or
    /// after a line `V`, tab, `2`, with tabs. Where a mail server keeps it locked, the folders are there all the same.
    private func subscribe(to folders: [FolderName], in maildir: Directory) throws(FileError) {
        guard !folders.isEmpty else { return }
        _ = try maildir.replace("subscriptions") { [layout] before in
            let hasTabs = before.starts(with: Array("V\t2\n".utf8))
            let separator = hasTabs ? "\t" : layout == .fs ? "/" : "."
            var known = Set(before.split(separator: 10).map { String(decoding: $0, as: UTF8.self) })
            var after = before
            if let last = after.last, last != 10 { after.append(10) }
            for folder in folders {
                let name = folder.subscription.joined(separator: separator)
                if known.insert(name).inserted { after += Array(name.utf8) + [10] }
            }
            return after
        }
    }
}
