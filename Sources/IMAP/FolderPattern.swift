// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A pattern for folders' paths: in UTF-8, with `/` between levels; `*` stands for anything, `/` included.
public struct FolderPattern: Hashable, Sendable {
    /// What stands between the stars.
    private let parts: [[UInt8]]

    public init(_ text: String) {
        parts = Self.normalized(text).split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(
            Array.init)
    }

    public func matches(_ path: String) -> Bool { wildcards(in: path) != nil }

    /// What each star stands for, as short as can be; nil where it does not match. One pass, whatever the pattern.
    func wildcards(in path: String) -> [String]? {
        let path = Self.normalized(path)
        guard parts.count > 1 else { return path == parts[0] ? [] : nil }
        guard path.starts(with: parts[0]) else { return nil }
        var (found, start) = ([String](), parts[0].count)
        for part in parts[1..<(parts.count - 1)] {
            guard let place = Self.firstIndex(of: part, in: path[start...]) else { return nil }
            found.append(String(decoding: path[start..<place], as: UTF8.self))
            start = place + part.count
        }
        let last = parts[parts.count - 1]
        guard path.count - start >= last.count, path.suffix(last.count).elementsEqual(last) else { return nil }
        found.append(String(decoding: path[start..<(path.count - last.count)], as: UTF8.self))
        return found
    }

    private static func firstIndex(of part: [UInt8], in octets: ArraySlice<UInt8>) -> Int? {
        guard !part.isEmpty else { return octets.startIndex }
        var start = octets.startIndex
        while octets.endIndex - start >= part.count {
            if octets[start..<start + part.count].elementsEqual(part) { return start }
            start += 1
        }
        return nil
    }

    /// RFC 3501 §5.1: the inbox's name has no case.
    private static func normalized(_ path: String) -> [UInt8] { FolderPath.key(path) }
}

/// Paths of folders as people write them.
enum FolderPath {
    /// By which two paths are the same: composed characters, and the inbox in capitals.
    static func key(_ path: String) -> [UInt8] {
        let levels = path.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return Array(composed(spelled(levels).joined(separator: "/")).utf8)
    }

    /// Levels as a platform is told of them: the inbox in capitals, also where others lie below it, for Dovecot opens
    /// those by no other spelling.
    static func spelled(_ levels: [String]) -> [String] {
        levels.first?.lowercased() == "inbox" ? ["INBOX"] + levels.dropFirst() : levels
    }

    /// In NFC. macOS servers decompose names.
    static func composed(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
    }
}
