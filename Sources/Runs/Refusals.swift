// SPDX-License-Identifier: Apache-2.0

import MailSource
import Synchronization
import Vocabulary

/// Messages that the old server refused to give in one session, and what it said.
final class Refusals: Sendable {
    private struct State {
        var count = 0
        var lines: [String] = []
        var messages: [ListedMessage] = []
        var byFolder: [Int: Int] = [:]
    }

    private static let mostLines = 100
    private static let mostMessages = 10_000

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }

    /// A line for each of the first few, for the events; a server that refuses everything fills neither memory nor
    /// database.
    var lines: [String] { state.withLock { $0.lines } }

    /// The first of them.
    var messages: [ListedMessage] { state.withLock { $0.messages } }

    /// How many are in each folder, by its number.
    var byFolder: [Int: Int] { state.withLock { $0.byFolder } }

    /// A folder cannot be read; nobody knows how much is in it.
    func add(_ folder: SourceFolder, _ reason: String) {
        state.withLock { state in
            state.count += max(1, folder.messages)
            state.byFolder[folder.number, default: 0] += max(1, folder.messages)
            state.lines.append("the folder \(folder.path.joined(separator: "/")): \(reason)")
        }
    }

    /// Messages of a folder for which there is no place here.
    func add(_ folder: SourceFolder, _ messages: [ListedMessage], _ reason: String) {
        state.withLock { state in
            state.count += messages.count
            if !messages.isEmpty { state.byFolder[folder.number, default: 0] += messages.count }
            state.messages += messages.prefix(max(0, Self.mostMessages - state.messages.count))
            state.lines.append("the folder \(folder.path.joined(separator: "/")): \(reason)")
        }
    }

    /// - Parameter name: the message's, for people.
    func add(_ message: ListedMessage, _ name: String, _ reason: String) {
        state.withLock { state in
            state.count += 1
            state.byFolder[message.folder, default: 0] += 1
            if state.lines.count < Self.mostLines { state.lines.append("\(name): \(reason)") }
            if state.messages.count < Self.mostMessages { state.messages.append(message) }
        }
    }
}
