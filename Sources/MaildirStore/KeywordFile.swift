// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailStore

/// What the letters `a` to `z` in the names of a folder's messages mean: Dovecot's `dovecot-keywords`, a line `NUMBER
/// NAME` for each.
struct KeywordFile: Sendable {
    static let name = "dovecot-keywords"
    /// There are no more letters.
    private static let most = 26
    /// Octets of a name, as in Dovecot.
    private static let longest = 50

    private var letters: [String: Character] = [:]

    var isFull: Bool { letters.count >= Self.most }

    /// nil for one that the folder cannot hold.
    func letter(of keyword: String) -> Character? { letters[keyword] }

    /// Reads a folder's file, and writes those of `words` into it that it lacks, as many as there are letters for.
    init(in place: MailboxPlace, adding words: Set<String>) throws(FileError) {
        let directory = try Directory(path: place.path, followsLink: false)
        var lines = Self.lines(try directory.content(of: Self.name) ?? [])
        func learn(_ lines: [Int: String]) {
            letters = [:]
            for (number, word) in lines { letters[word] = Self.letter(number) }
        }
        learn(lines)
        let wanted = words.filter { letters[$0] == nil && Self.isHoldable($0) }.sorted()
        guard !wanted.isEmpty, !isFull else { return }
        // Dovecot writes it in the same way.
        let isWritten = try directory.replace(Self.name) { before in
            lines = Self.lines(before)
            let known = Set(lines.values)
            var free = (0..<Self.most).filter { lines[$0] == nil }[...]
            for word in wanted where !known.contains(word) {
                guard let number = free.popFirst() else { break }
                lines[number] = word
            }
            return lines.sorted { $0.key < $1.key }.flatMap { Array("\($0.key) \($0.value)\n".utf8) }
        }
        if isWritten { learn(lines) }
    }

    private static func letter(_ number: Int) -> Character {
        Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8(clamping: number)))
    }

    private static func isHoldable(_ word: String) -> Bool {
        (1...longest).contains(word.utf8.count) && word.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func lines(_ octets: [UInt8]) -> [Int: String] {
        var lines: [Int: String] = [:]
        for line in octets.split(separator: 10) {
            let parts = line.split(separator: 32, maxSplits: 1)
            guard parts.count == 2, let number = Int(String(decoding: parts[0], as: UTF8.self)),
                (0..<most).contains(number)
            else { continue }
            lines[number] = String(decoding: parts[1], as: UTF8.self)
        }
        return lines
    }
}
