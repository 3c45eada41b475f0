// SPDX-License-Identifier: Apache-2.0

import Glibc

/// glibc's tables of encodings (iconv(3)).
enum Iconv {
    /// Converts to UTF-8; nil if `octets` are not entirely in that encoding, or the system does not know it.
    static func decode(_ octets: UnsafeRawBufferPointer, from encoding: String) -> WipedText? {
        guard let conversion = iconv_open("UTF-8", encoding), conversion != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(conversion) }
        // Two octets of a Chinese encoding become three, one of a Latin one up to three.
        let text = try? WipedText(capacity: 3 * octets.count + 16) { memory throws(NotConvertible) in
            var input = UnsafeMutablePointer(mutating: octets.baseAddress?.assumingMemoryBound(to: CChar.self))
            var inputLeft = octets.count
            var output = memory.baseAddress?.assumingMemoryBound(to: CChar.self)
            var outputLeft = memory.count
            guard iconv(conversion, &input, &inputLeft, &output, &outputLeft) != -1, inputLeft == 0,
                iconv(conversion, nil, nil, &output, &outputLeft) != -1
            else { throw NotConvertible() }
            return memory.count - outputLeft
        }
        return text
    }

    private struct NotConvertible: Error {}
}
