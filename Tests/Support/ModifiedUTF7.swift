// SPDX-License-Identifier: Apache-2.0

import Foundation

/// RFC 3501, section 5.1.3.
enum ModifiedUTF7 {
    static func encode(_ text: String) -> String {
        var (result, other) = ("", [UInt8]())
        func flush() {
            guard !other.isEmpty else { return }
            let base64 = Data(other).base64EncodedString().replacing("=", with: "").replacing("/", with: ",")
            result += "&\(base64)-"
            other = []
        }
        for scalar in text.unicodeScalars {
            if (0x20...0x7E).contains(scalar.value) {
                flush()
                result += scalar == "&" ? "&-" : String(scalar)
            } else {
                for unit in String(scalar).utf16 { other += [UInt8(unit >> 8), UInt8(unit & 255)] }
            }
        }
        flush()
        return result
    }

    static func decode(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&"), let end = rest[start...].firstIndex(of: "-") {
            result += rest[..<start]
            var base64 = String(rest[start...].dropFirst().prefix { $0 != "-" }).replacing(",", with: "/")
            while base64.count % 4 != 0 { base64 += "=" }
            var units: [UInt16] = []
            let octets = [UInt8](Data(base64Encoded: base64) ?? Data())
            for index in stride(from: 0, to: octets.count - 1, by: 2) {
                units.append(UInt16(octets[index]) << 8 | UInt16(octets[index + 1]))
            }
            result += units.isEmpty ? "&" : String(decoding: units, as: UTF16.self)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
