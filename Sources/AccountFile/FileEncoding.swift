// SPDX-License-Identifier: Apache-2.0

/// A file's encoding: known from its first octets, from their form, or from the sender.
enum FileEncoding {
    struct Decoded {
        var text: WipedText
        var name: String
        /// Whether nothing else could have been meant.
        var isCertain: Bool
    }

    static func decode(_ octets: UnsafeRawBufferPointer, as name: String?) throws(AccountFileError) -> Decoded {
        guard !octets.isEmpty else { throw .empty }
        if let name { return try decode(octets, named: name) }
        // The byte order mark: Unicode 23.8.
        if octets.starts(with: [0xEF, 0xBB, 0xBF]) { return try utf8(octets) }
        if octets.starts(with: [0xFF, 0xFE]) { return try utf16(octets, isBigEndian: false) }
        if octets.starts(with: [0xFE, 0xFF]) { return try utf16(octets, isBigEndian: true) }
        if let isBigEndian = utf16Order(octets) { return try utf16(octets, isBigEndian: isBigEndian) }
        // Text of another encoding hardly ever has the form of UTF-8 by chance.
        if UTF8Form.isValid(octets) { return try utf8(octets) }
        guard let text = Iconv.decode(octets, from: "GB18030") else { throw .encodingNotFound }
        return Decoded(text: text, name: "GB18030", isCertain: false)
    }

    /// Encodings that may be given, by their names in the WHATWG's Encoding Standard and in iconv(1). None of them is
    /// stateful or lacks ASCII.
    private static let named: [String: String] = {
        var names: [String: String] = [:]
        for name in [
            "BIG5", "BIG5-HKSCS", "SHIFT_JIS", "EUC-JP", "EUC-KR", "EUC-TW", "KOI8-R", "KOI8-U", "TIS-620", "MACINTOSH",
        ] {
            names[plain(name)] = name
        }
        for name in ["GB18030", "GBK", "GB2312", "CP936", "EUC-CN", "WINDOWS-936"] { names[plain(name)] = "GB18030" }
        names["sjis"] = "SHIFT_JIS"
        names["cp932"] = "CP932"
        names["windows31j"] = "CP932"
        names["cp949"] = "CP949"
        names["cp950"] = "BIG5"
        for number in 1250...1258 {
            names["windows\(number)"] = "WINDOWS-\(number)"
            names["cp\(number)"] = "WINDOWS-\(number)"
        }
        for number in 1...16 where number != 12 { names["iso8859\(number)"] = "ISO-8859-\(number)" }
        names["latin1"] = "ISO-8859-1"
        names["ascii"] = "UTF-8"
        names["usascii"] = "UTF-8"
        names["utf8"] = "UTF-8"
        for name in ["UTF-16", "UTF-16LE", "UTF-16BE"] { names[plain(name)] = name }
        return names
    }()

    private static func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }

    private static func decode(
        _ octets: UnsafeRawBufferPointer, named name: String
    ) throws(AccountFileError) -> Decoded {
        guard let name = named[plain(name)] else { throw .unknownEncoding }
        switch name {
        case "UTF-8": return try utf8(octets)
        case "UTF-16LE": return try utf16(octets, isBigEndian: false)
        case "UTF-16BE": return try utf16(octets, isBigEndian: true)
        case "UTF-16":
            let isMarked = octets.starts(with: [0xFE, 0xFF])
            return try utf16(octets, isBigEndian: isMarked || utf16Order(octets) ?? false)
        default:
            guard let text = Iconv.decode(octets, from: name) else { throw .notInEncoding(name) }
            return Decoded(text: text, name: name, isCertain: true)
        }
    }

    private static func utf8(_ octets: UnsafeRawBufferPointer) throws(AccountFileError) -> Decoded {
        guard UTF8Form.isValid(octets) else { throw .notInEncoding("UTF-8") }
        let mark = octets.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let octets = UnsafeRawBufferPointer(rebasing: octets.dropFirst(mark))
        let text = WipedText(capacity: octets.count) { memory in
            memory.copyMemory(from: octets)
            return octets.count
        }
        return Decoded(text: text, name: "UTF-8", isCertain: true)
    }

    /// Addresses, separators and line ends are ASCII: nearly every other octet is 0, always on the same side.
    private static func utf16Order(_ octets: UnsafeRawBufferPointer) -> Bool? {
        guard octets.count >= 4, octets.count % 2 == 0 else { return nil }
        var zeros = (even: 0, odd: 0)
        let sample = min(octets.count, 65_536)
        for index in 0..<sample where octets[index] == 0 {
            if index % 2 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
        }
        // At least a quarter of the characters; a text with fewer NULs has them by mistake.
        let few = sample / 8
        if zeros.odd > 8 * zeros.even + few { return false }
        if zeros.even > 8 * zeros.odd + few { return true }
        return nil
    }

    private static func utf16(
        _ octets: UnsafeRawBufferPointer, isBigEndian: Bool
    ) throws(AccountFileError) -> Decoded {
        let name = isBigEndian ? "UTF-16BE" : "UTF-16LE"
        guard octets.count % 2 == 0 else { throw .notInEncoding(name) }
        let (high, low) = isBigEndian ? (0, 1) : (1, 0)
        func unit(_ index: Int) -> UInt32 { UInt32(octets[index + high]) << 8 | UInt32(octets[index + low]) }
        // A unit is three octets of UTF-8 at most.
        let text = try WipedText(capacity: octets.count / 2 * 3) { memory throws(AccountFileError) in
            var index = octets.count >= 2 && unit(0) == 0xFEFF ? 2 : 0
            var written = 0
            while index < octets.count {
                var value = unit(index)
                index += 2
                if value & 0xF800 == 0xD800 {
                    guard value < 0xDC00, index < octets.count, unit(index) & 0xFC00 == 0xDC00 else {
                        throw .notInEncoding(name)
                    }
                    value = 0x10000 + (value & 0x3FF) << 10 + unit(index) & 0x3FF
                    index += 2
                }
                written += UTF8Form.put(value, into: memory, at: written)
            }
            return written
        }
        return Decoded(text: text, name: name, isCertain: true)
    }
}

/// The form of UTF-8 (Unicode, tables 3-6 and 3-7).
enum UTF8Form {
    static func isValid(_ octets: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        let count = octets.count
        while index < count {
            if index + 8 <= count,
                octets.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                index += 8
                continue
            }
            let second: ClosedRange<UInt8>
            let length: Int
            switch octets[index] {
            case 0..<0x80:
                index += 1
                continue
            case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
            case 0xE0: (length, second) = (3, 0xA0...0xBF)
            case 0xED: (length, second) = (3, 0x80...0x9F)
            case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
            case 0xF0: (length, second) = (4, 0x90...0xBF)
            case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
            case 0xF4: (length, second) = (4, 0x80...0x8F)
            default: return false
            }
            guard index + length <= count, second.contains(octets[index + 1]) else { return false }
            for next in index + 2..<index + length where octets[next] & 0xC0 != 0x80 { return false }
            index += length
        }
        return true
    }

    /// Returns how many octets the scalar took.
    static func put(_ scalar: UInt32, into memory: UnsafeMutableRawBufferPointer, at index: Int) -> Int {
        func trail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
        switch scalar {
        case 0..<0x80:
            memory[index] = UInt8(scalar)
            return 1
        case 0..<0x800:
            memory[index] = UInt8(0xC0 | scalar >> 6)
            memory[index + 1] = trail(0)
            return 2
        case 0..<0x10000:
            memory[index] = UInt8(0xE0 | scalar >> 12)
            memory[index + 1] = trail(6)
            memory[index + 2] = trail(0)
            return 3
        default:
            memory[index] = UInt8(0xF0 | scalar >> 18)
            memory[index + 1] = trail(12)
            memory[index + 2] = trail(6)
            memory[index + 3] = trail(0)
            return 4
        }
    }
}
