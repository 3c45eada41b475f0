// SPDX-License-Identifier: Apache-2.0

import CGSASL
import Glibc

/// RFC 4648 §4, by libgsasl; its own copies are zeroed.
enum Base64 {
    static func encode(_ octets: [UInt8]) -> [UInt8] {
        convert(octets, by: gsasl_base64_to) ?? []
    }

    /// nil where `digits` is no Base64.
    static func decode(_ digits: [UInt8]) -> [UInt8]? {
        digits.isEmpty ? [] : convert(digits, by: gsasl_base64_from)
    }

    private typealias Conversion = (
        UnsafePointer<CChar>?, Int, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, UnsafeMutablePointer<Int>?
    ) -> CInt

    private static func convert(_ input: [UInt8], by conversion: Conversion) -> [UInt8]? {
        var output: UnsafeMutablePointer<CChar>?
        var length = 0
        let result = input.withUnsafeBytes { input in
            conversion(input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count, &output, &length)
        }
        guard result == CInt(GSASL_OK.rawValue), let output else { return nil }
        defer {
            explicit_bzero(output, length)
            gsasl_free(output)
        }
        return Array(UnsafeRawBufferPointer(start: output, count: length))
    }
}
