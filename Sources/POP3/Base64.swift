// SPDX-License-Identifier: Apache-2.0

import CGSASL
import Glibc

/// RFC 4648 §4, by libgsasl; its own copies are zeroed.
enum Base64 {
    static func encode(_ octets: SecretOctets) -> SecretOctets { octets.withOctets { encode($0) } }

    static func encode(_ octets: UnsafeRawBufferPointer) -> SecretOctets {
        convert(octets, by: gsasl_base64_to) { SecretOctets($0) } ?? SecretOctets("")
    }

    /// nil where `digits` is no Base64.
    static func decode(_ digits: [UInt8]) -> [UInt8]? {
        digits.isEmpty ? [] : digits.withUnsafeBytes { convert($0, by: gsasl_base64_from) { Array($0) } }
    }

    private typealias Conversion = (
        UnsafePointer<CChar>?, Int, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, UnsafeMutablePointer<Int>?
    ) -> CInt

    private static func convert<Result>(
        _ input: UnsafeRawBufferPointer, by conversion: Conversion, _ take: (UnsafeRawBufferPointer) -> Result
    ) -> Result? {
        var output: UnsafeMutablePointer<CChar>?
        var length = 0
        let result = conversion(input.baseAddress?.assumingMemoryBound(to: CChar.self), input.count, &output, &length)
        guard result == CInt(GSASL_OK.rawValue), let output else { return nil }
        defer {
            explicit_bzero(output, length)
            gsasl_free(output)
        }
        return take(UnsafeRawBufferPointer(start: output, count: length))
    }
}
