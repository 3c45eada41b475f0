// SPDX-License-Identifier: Apache-2.0

public import Foundation
public import MailSource
public import Secrets
import Synchronization
public import Vocabulary

/// An old server that is a folder of `.eml` files: `FOLDER/USER/*.eml`, and the user's password in `FOLDER/USER/password`.
/// Whatever server the settings name, it is this one. As small as a `MailSource` can be.
public struct EmlFolder: MailSource {
    private let folder: URL

    public init(_ folder: URL) { self.folder = folder }

    public func connect(
        to server: OldServer, timeouts: Timeouts, hiding password: Password?
    ) async throws(SourceError) -> any SourceConnection { EmlMailbox(folder) }
}

private final class EmlMailbox: SourceConnection, MailboxSession {
    private let state: Mutex<(folder: URL, deleted: [URL], hasShownPassword: Bool)>
    let traits = SourceTraits()

    init(_ folder: URL) { state = Mutex((folder, [], false)) }

    var hasShownPassword: Bool { state.withLock { $0.hasShownPassword } }

    func check(user: String, password: Password) async throws(SourceError) -> SourceAnswer {
        let mailbox = state.withLock { state in
            (state.folder, state.hasShownPassword) = (state.folder.appending(path: user), true)
            return state.folder
        }
        guard let right = try? Data(contentsOf: mailbox.appending(path: "password")) else {
            return .noSuchUser("there is no \(user)")
        }
        return password.withOctets { $0.elementsEqual(right) } ? .accepted(self) : .rejected("that is another password")
    }

    func folders() async throws(SourceError) -> [SourceFolder] {
        [SourceFolder(path: SourceFolder.inbox, messages: names.count)]
    }

    private var names: [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: state.withLock { $0.folder.path })
        return (names ?? []).filter { $0.hasSuffix(".eml") }.sorted()
    }

    func list(_ folder: SourceFolder) async throws(SourceError) -> [ListedMessage] {
        names.enumerated().map {
            ListedMessage(number: $0 + 1, octets: nil, uniqueID: UniqueID(octets: Array($1.utf8)))
        }
    }

    func fetch(
        _ messages: [ListedMessage], into sink: any MessageSink, _ options: FetchOptions,
        onRefusal: @escaping @Sendable (ListedMessage, String) -> Void
    ) async throws(SourceError) {
        for message in messages where options.goesOn() {
            guard let octets = try? Data(contentsOf: file(message)) else {
                onRefusal(message, "it is gone")
                continue
            }
            sink.begin(message)
            octets.withUnsafeBytes { if !$0.isEmpty { sink.append($0) } }
            sink.end()
            if sink.isFull { await withCheckedContinuation { ready in sink.whenReady { ready.resume() } } }
        }
        sink.flush()
    }

    func name(of message: ListedMessage) -> String {
        message.uniqueID.map { String(decoding: $0.octets, as: UTF8.self) } ?? ""
    }

    private func file(_ message: ListedMessage) -> URL {
        state.withLock { $0.folder }.appending(path: name(of: message))
    }

    func delete(_ messages: [ListedMessage]) async throws(SourceError) -> Set<Int> {
        let files = messages.map { file($0) }
        state.withLock { $0.deleted += files }
        return []
    }

    func leave() async throws(SourceError) -> Bool {
        state.withLock { $0.deleted }.allSatisfy { (try? FileManager.default.removeItem(at: $0)) != nil }
    }

    func abort() { state.withLock { $0.deleted = [] } }
}
