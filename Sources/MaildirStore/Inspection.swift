// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailStore
import MessageContent
public import Vocabulary

extension MaildirStore {
    /// Reads `new` and `cur` of a Maildir and of its Maildir++ folders, each twice, because a file that a mail program
    /// renames meanwhile may be missed. A few files per job, so that deliveries are not held up.
    /// - Throws: ``MailStoreError``; `CancellationError`.
    public func contents(
        of account: EmailAddress, _ origin: MessageOrigin, intended: [StagedBatch]
    ) async throws -> MailboxContents? {
        do {
            return try await inspect(account, origin, Self.temporaryNames(intended))
        } catch let error as FileError {
            throw MailStoreError(error)
        }
    }

    /// - Throws: ``FileError``; `CancellationError`.
    private func inspect(
        _ account: EmailAddress, _ origin: MessageOrigin, _ intended: Set<String>
    ) async throws -> MailboxContents? {
        let tag = tag(of: account)
        let maildir = path(of: account, folder: .inbox)
        guard let folders = try await pool.run({ () throws(FileError) in try self.folders(of: maildir) }) else {
            return nil
        }
        var contents = MailboxContents()
        for folder in folders {
            var seen: Set<String> = []
            // new comes first: mail programs move files from there to cur, never back.
            for place in ["new", "cur", "new", "cur"] {
                let path = "\(folder)/\(place)"
                let names = try await pool.run { () throws(FileError) in
                    try Self.names(in: path) { MessageName.isOurs($0, tag: tag) == (origin == .ours) }
                }
                for name in names {
                    try Task.checkCancellation()
                    guard !seen.contains(MessageName.temporary(name)) else { continue }
                    let hash: Result<(ContentHash, Int)?, FileError> = await pool.run { [contentKey] in
                        do throws(FileError) {
                            return .success(try Self.content(of: "\(path)/\(name)", key: contentKey))
                        } catch {
                            return .failure(error)
                        }
                    }
                    switch hash {
                    case .success(nil): continue  // renamed or deleted: if it is still there, the next turn finds it
                    case .success((let content, let octets)?):
                        contents.messages[content, default: 0] += 1
                        contents.octets[content] = octets
                    case .failure(let error):
                        if contents.unreadable.count < 10 { contents.unreadable.append(MailStoreError(error)) }
                    }
                    seen.insert(MessageName.temporary(name))
                }
            }
            if origin == .ours {
                contents.leftovers += try await pool.run { () throws(FileError) in
                    try Self.names(in: folder + "/tmp") { MessageName.isOurs($0, tag: tag) && !intended.contains($0) }
                        .count
                }
            }
        }
        return contents
    }

    /// The Maildir and its folders; nil where there is none.
    func folders(of maildir: String) throws(FileError) -> [String]? {
        do throws(FileError) {
            let directory = try Directory(path: maildir, followsLink: false)
            switch layout {
            case .maildirPlusPlus:
                return [maildir] + (try directory.names { $0.hasPrefix(".") }.map { "\(maildir)/\($0)" })
            case .fs:
                var folders = [maildir]
                try Self.addFolders(below: directory, to: &folders, levels: Self.mostLevels)
                return folders
            }
        } catch  where error.errno == ENOENT {
            return nil
        }
    }

    private static let mostLevels = 64

    /// Those that hold other folders alone, too.
    private static func addFolders(
        below directory: Directory, to folders: inout [String], levels: Int
    ) throws(FileError) {
        guard levels > 0 else { return }
        for name in try directory.names(where: { !$0.hasPrefix(".") && !["cur", "new", "tmp"].contains($0) }) {
            do throws(FileError) {
                let folder = try Directory(name, in: directory)
                folders.append(folder.path)
                try addFolders(below: folder, to: &folders, levels: levels - 1)
            } catch  where error.errno == ENOENT || error.errno == ENOTDIR || error.errno == ELOOP {
                continue  // a file, a link, or gone
            }
        }
    }

    /// Names of messages; none if the folder is no Maildir.
    static func names(
        in path: String, where isWanted: (_ name: String) -> Bool
    ) throws(FileError) -> [String] {
        do throws(FileError) {
            return try Directory(path: path, followsLink: false).names { name in
                !name.hasPrefix(".") && isWanted(MessageName.temporary(name))
            }
        } catch  where error.errno == ENOENT || error.errno == ENOTDIR {
            return []
        }
    }

    /// nil if the file is gone, or is not a regular file.
    private static func content(of path: String, key: ContentKey) throws(FileError) -> (ContentHash, Int)? {
        let fd = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if fd < 0 {
            if errno == ENOENT || errno == ELOOP { return nil }
            throw .system(errno, path: path)
        }
        defer { close(fd) }
        var status = stat()
        guard fstat(fd, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var scan = MessageScan(key: key)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * 1024, alignment: 64)
        defer { piece.deallocate() }
        while true {
            let count = read(fd, piece.baseAddress, piece.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .system(errno, path: path)
            }
            if count == 0 { return (scan.finish().content, Int(status.st_size)) }
            scan.append(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }
}
