// SPDX-License-Identifier: Apache-2.0

public import JSONWire

/// A file's octets, which travel in Base64 (RFC 4648 §4). They may contain passwords, so they go from the wire into
/// memory that is overwritten in the end, and print as `(file)`.
public final class FileContents: Sendable, CustomStringConvertible, CustomReflectable {
    private let octets: WipedOctets

    public init(_ octets: UnsafeRawBufferPointer) { self.octets = WipedOctets(copying: octets) }

    private init(_ octets: WipedOctets) { self.octets = octets }

    public var count: Int { octets.count }

    /// Reads the octets; the pointer must not leave `body`.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try octets.withUnsafeBytes(body)
    }

    public var description: String { "(file)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension FileContents: OctetsDecodable {
    public convenience init(jsonString text: UnsafeRawBufferPointer) throws {
        self.init(
            try WipedOctets(capacity: text.count / 4 * 3 + 3) { memory in
                guard let count = Base64Text.decode(text, into: memory) else { throw NotBase64() }
                return count
            })
    }

    private struct NotBase64: Error, CustomStringConvertible {
        var description: String { "must be a file in Base64" }
    }
}

extension FileContents: OctetsEncodable {
    public func withJSONString<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let text = WipedOctets(capacity: (count + 2) / 3 * 4) { memory in
            octets.withUnsafeBytes { Base64Text.encode($0, into: memory) }
        }
        return try text.withUnsafeBytes(body)
    }
}

/// RFC 4648 §4; line breaks within are let pass, as base64(1) puts them there.
private enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// How many octets it makes; nil where `text` is no Base64.
    static func decode(_ text: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) -> Int? {
        values.withUnsafeBufferPointer { values in
            var written = 0
            var group: UInt32 = 0
            var digits = 0
            var padding = 0
            for octet in text {
                let value = values[Int(octet)]
                if value == 0xFF {
                    switch octet {
                    case UInt8(ascii: "="): padding += 1
                    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
                    default: return nil
                    }
                    continue
                }
                guard padding == 0 else { return nil }
                group = group << 6 | UInt32(value)
                digits += 1
                if digits == 4 {
                    memory[written] = UInt8(truncatingIfNeeded: group >> 16)
                    memory[written + 1] = UInt8(truncatingIfNeeded: group >> 8)
                    memory[written + 2] = UInt8(truncatingIfNeeded: group)
                    written += 3
                    digits = 0
                    group = 0
                }
            }
            switch (digits, padding) {
            case (0, 0): break
            case (2, 2) where group & 0xF == 0:
                memory[written] = UInt8(truncatingIfNeeded: group >> 4)
                written += 1
            case (3, 1) where group & 0x3 == 0:
                memory[written] = UInt8(truncatingIfNeeded: group >> 10)
                memory[written + 1] = UInt8(truncatingIfNeeded: group >> 2)
                written += 2
            default: return nil
            }
            return written
        }
    }

    static func encode(_ octets: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        for start in stride(from: 0, to: octets.count, by: 3) {
            let rest = min(3, octets.count - start)
            var group: UInt32 = 0
            for index in 0..<3 { group = group << 8 | (index < rest ? UInt32(octets[start + index]) : 0) }
            for digit in 0..<4 {
                memory[written] =
                    digit <= rest ? alphabet[Int(group >> UInt32(18 - 6 * digit) & 0x3F)] : UInt8(ascii: "=")
                written += 1
            }
        }
        return written
    }
}
