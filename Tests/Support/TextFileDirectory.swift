// SPDX-License-Identifier: Apache-2.0

public import AccountDirectory
public import Foundation
public import Secrets
import Synchronization
public import Vocabulary

/// A platform that keeps its accounts in a text file, `address:hash` a line: as little as a directory can be.
public final class TextFileDirectory: AccountDirectory {
    private let file: URL
    private let turn = Mutex(())

    public init(file: URL) { self.file = file }

    public var decidesLogins: Bool { false }

    public var canCreate: Bool { false }

    public func lookup(
        _ address: EmailAddress, recorded: DirectoryEntry?
    ) async throws(DirectoryError) -> DirectoryEntry? {
        try accounts { lines in lines[address].map { DirectoryEntry(hash: $0) } }
    }

    public func matches(_ password: Password, of address: EmailAddress) async throws(DirectoryError) -> Bool {
        throw DirectoryError("every line has a hash")
    }

    public func replace(
        _ address: EmailAddress, with hash: String, ifStill expected: String?
    ) async throws(DirectoryError) -> Replacement {
        try accounts { lines in
            guard let stands = lines[address] else { return .absent }
            guard stands == expected else { return .changed }
            lines[address] = hash
            return .replaced
        }
    }

    public func create(_ address: EmailAddress, hash: String) async throws(DirectoryError) -> Bool {
        throw DirectoryError("accounts are made by the platform alone")
    }

    public func list(
        _ domain: DomainName, after cursor: EmailAddress?, limit: Int
    ) async throws(DirectoryError) -> [DirectoryAccount] {
        try accounts { lines in
            let rest = lines.keys.filter { address in
                address.domain == domain && cursor.map { cursor in address > cursor } ?? true
            }
            return rest.sorted().prefix(limit).map { DirectoryAccount(address: $0) }
        }
    }

    public func flush(_ address: EmailAddress) async {}

    /// Reads the file, and writes it where `body` has changed something.
    private func accounts<Answer>(
        _ body: (inout [EmailAddress: String]) -> Answer
    ) throws(DirectoryError) -> Answer {
        do {
            return try turn.withLock { _ in
                var lines: [EmailAddress: String] = [:]
                for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                    let fields = line.split(separator: ":", maxSplits: 1)
                    lines[try EmailAddress(String(fields[0]))] = String(fields[1])
                }
                let before = lines
                let answer = body(&lines)
                if lines != before {
                    let text = lines.map { "\($0):\($1)\n" }.sorted().joined()
                    try Data(text.utf8).write(to: file, options: .atomic)
                }
                return answer
            }
        } catch {
            throw DirectoryError("\(file.path) cannot be read: \(error)")
        }
    }
}
