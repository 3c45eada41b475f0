// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// The memory of another process, all of it, as root sees it: more than a core dump would hold.
public enum ProcessMemory {
    /// Where octets were found.
    public struct Hit: Sendable, CustomStringConvertible {
        /// What was looked for.
        public var name: String
        /// The line of proc(5)'s `maps`.
        public var mapping: String
        /// Whether that memory is locked and left out of core dumps.
        public var isGuarded: Bool
        /// What stands around, other than printable octets as dots.
        public var around: String

        public var description: String { "\(name) in \(mapping): \(around)" }
    }

    /// Whether this process may look.
    public static var isVisible: Bool { geteuid() == 0 }

    private struct Mapping {
        var line: String
        var start: UInt64
        var end: UInt64
        var flags: [Substring] = []
    }

    /// Every place in the process's memory where one of the octets lies.
    public static func find(_ needles: [String: [UInt8]], in process: Int32) throws -> [Hit] {
        let descriptor = open("/proc/\(process)/mem", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open /proc/\(process)/mem") }
        defer { close(descriptor) }
        var hits: [Hit] = []
        let overlap = (needles.values.map(\.count).max() ?? 1) - 1
        var buffer = [UInt8](repeating: 0, count: 4 << 20)
        for mapping in try mappings(of: process) where mapping.line.contains(" r") {
            var position = mapping.start
            while position < mapping.end {
                let wanted = min(buffer.count, Int(mapping.end - position))
                let count = pread(descriptor, &buffer, wanted, off_t(position))
                guard count > 0 else { break }  // [vvar] and what has gone meanwhile
                for (name, octets) in needles {
                    hits += search(octets, buffer[..<count]).map {
                        Hit(
                            name: name, mapping: mapping.line, isGuarded: mapping.flags.contains("dd"),
                            around: text(buffer[max(0, $0 - 24)..<min(count, $0 + octets.count + 24)]))
                    }
                }
                position += UInt64(count)
                if position < mapping.end { position -= UInt64(min(overlap, count - 1)) }
            }
        }
        return hits
    }

    private static func mappings(of process: Int32) throws -> [Mapping] {
        var mappings: [Mapping] = []
        let text = try String(contentsOfFile: "/proc/\(process)/smaps", encoding: .utf8)
        for line in text.split(separator: "\n") {
            let range = line.prefix { $0 != " " }.split(separator: "-")
            if range.count == 2, let start = UInt64(range[0], radix: 16), let end = UInt64(range[1], radix: 16) {
                mappings.append(Mapping(line: String(line), start: start, end: end))
            } else if line.hasPrefix("VmFlags:"), !mappings.isEmpty {
                mappings[mappings.count - 1].flags = line.split(separator: " ")
            }
        }
        return mappings
    }

    private static func search(_ needle: [UInt8], _ octets: ArraySlice<UInt8>) -> [Int] {
        guard let first = needle.first else { return [] }
        return octets.withUnsafeBytes { all in
            var found: [Int] = []
            var start = 0
            while let base = all.baseAddress, start + needle.count <= all.count,
                let hit = memchr(base + start, CInt(first), all.count - needle.count + 1 - start)
            {
                let position = UnsafeRawPointer(hit) - base
                if memcmp(hit, needle, needle.count) == 0 { found.append(octets.startIndex + position) }
                start = position + 1
            }
            return found
        }
    }

    private static func text(_ octets: ArraySlice<UInt8>) -> String {
        String(decoding: octets.map { (32...126).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }
}
