// SPDX-License-Identifier: Apache-2.0

import CSodium
import Secrets

/// passlib's bcrypt of a SHA-256, so that long passwords count in full.
///
/// Version 2: `$bcrypt-sha256$v=2,t=2b,r=12$salt$digest`, over the HMAC of the password under the salt's text; version 1:
/// `$bcrypt-sha256$2b,12$salt$digest`, over its bare SHA-256. Both write it in Base64 for bcrypt.
struct BcryptSHA256: Hashable, Sendable {
    let cost: Int
    private let isKeyed: Bool
    private let salt: String
    private let hash: PasswordHash

    init?(_ text: String) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5, fields[3].utf8.count == 22, fields[4].utf8.count == 31 else { return nil }
        let parameters = fields[2].split(separator: ",", omittingEmptySubsequences: false)
        let variant: Substring
        let rounds: Substring
        if parameters.count == 3, parameters[0] == "v=2", parameters[1].hasPrefix("t="), parameters[2].hasPrefix("r=") {
            (variant, rounds, isKeyed) = (parameters[1].dropFirst(2), parameters[2].dropFirst(2), true)
        } else if parameters.count == 2 {
            (variant, rounds, isKeyed) = (parameters[0], parameters[1], false)
        } else {
            return nil
        }
        guard variant == "2a" || variant == "2b" || variant == "2y", let cost = Int(rounds), (4...31).contains(cost)
        else { return nil }
        let padded = cost < 10 ? "0\(cost)" : "\(cost)"
        // absent: a hash that crypt(3) would not take either
        guard let hash = try? PasswordHash("$\(variant)$\(padded)$\(fields[3])\(fields[4])") else { return nil }
        self.cost = cost
        self.salt = String(fields[3])
        self.hash = hash
    }

    /// - Throws: ``SecretsError`` (`hashingFailed`).
    func matches(_ password: Password) throws(SecretsError) -> Bool {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        defer { sodium_memzero(&digest, digest.count) }
        password.withOctets { password in
            let octets = password.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard isKeyed else {
                _ = crypto_hash_sha256(&digest, octets, UInt64(password.count))
                return
            }
            var state = crypto_auth_hmacsha256_state()
            crypto_auth_hmacsha256_init(&state, Array(salt.utf8), salt.utf8.count)
            crypto_auth_hmacsha256_update(&state, octets, UInt64(password.count))
            crypto_auth_hmacsha256_final(&state, &digest)
            sodium_memzero(&state, MemoryLayout.size(ofValue: state))
        }
        var text = [CChar](repeating: 0, count: 64)
        defer { sodium_memzero(&text, text.count) }
        guard
            sodium_bin2base64(&text, text.count, digest, digest.count, sodium_base64_VARIANT_ORIGINAL) != nil
        else { return false }
        // 32 octets are 44 characters.
        return try hash.matches(
            Password(count: 44) { memory in text.withUnsafeBytes { memory.copyMemory(from: .init(rebasing: $0[..<44])) }
            })
    }
}
