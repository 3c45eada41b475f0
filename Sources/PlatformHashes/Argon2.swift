// SPDX-License-Identifier: Apache-2.0

import CSodium
import Glibc
import Secrets

/// Argon2 (RFC 9106), as libsodium computes it.
enum Argon2 {
    /// KiB; a hash that wants more would take the memory of a whole service.
    private static let mostMemory = 262_144
    private static let mostPasses = 32

    /// `$argon2id$v=19$m=65536,t=3,p=1$salt$digest`, for bounded memory and time.
    static func isBearable(_ text: String) -> Bool {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 6, fields[2] == "v=19", text.utf8.count < Int(crypto_pwhash_STRBYTES),
            Octets.base64(fields[4]) != nil, Octets.base64(fields[5]) != nil
        else { return false }
        let costs = fields[3].split(separator: ",").map { $0.split(separator: "=") }
        guard costs.count == 3, costs.map(\.first) == ["m", "t", "p"],
            case let values = costs.compactMap({ $0.count == 2 ? Int($0[1]) : nil }), values.count == 3
        else { return false }
        return (8...mostMemory).contains(values[0]) && (1...mostPasses).contains(values[1])
            && (1...16).contains(values[2])
    }

    /// - Throws: ``SecretsError`` (`hashingFailed`) for lack of memory.
    static func matches(_ password: Password, _ text: String) throws(SecretsError) -> Bool {
        let (result, number) = password.withOctets { password in
            errno = 0
            guard let start = password.baseAddress else { return (CInt(-1), errno) }
            let result = crypto_pwhash_str_verify(
                text, start.assumingMemoryBound(to: CChar.self), UInt64(password.count))
            return (result, errno)
        }
        if result != 0, number == ENOMEM {
            throw SecretsError(.hashingFailed, "Argon2 could not be computed; is there memory left?")
        }
        return result == 0
    }
}
