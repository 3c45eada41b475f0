// SPDX-License-Identifier: Apache-2.0

import CLibcrypt
import CSodium
import Glibc

/// `crypt(3)` of libxcrypt. Blocks for the time of one hash, so it is only for the threads of ``HashingPool``.
enum Crypt {
    /// Calls `body` with the hash of `password` under `setting` (a setting or a whole hash), without its NUL.
    ///
    /// - Throws: ``SecretsError`` (`hashingFailed`), mostly for lack of memory (yescrypt takes 16 MB).
    static func withHash<Result>(
        of password: Password, setting: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(SecretsError) -> Result {
        // Guarded, because libxcrypt leaves the hash in it, and the phrase is put there to be ended by a NUL.
        let memory = GuardedMemory(count: MemoryLayout<crypt_data>.size)
        defer { memory.free() }
        memory.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: memory.count)
        let data = memory.pointer.assumingMemoryBound(to: crypt_data.self)
        // The members before it are `output` and `setting`, CRYPT_OUTPUT_SIZE each (crypt.h).
        let phrase = memory.pointer + 2 * Int(CRYPT_OUTPUT_SIZE)
        guard password.isAcceptable else {
            throw SecretsError(
                .unacceptablePassword, "a password needs 1 to \(Password.longest) octets, none NUL, CR or LF")
        }
        password.withOctets { UnsafeMutableRawBufferPointer(start: phrase, count: $0.count).copyMemory(from: $0) }
        guard let hash = crypt_r(phrase.assumingMemoryBound(to: CChar.self), setting, data),
            hash[0] != CChar(UInt8(ascii: "*"))
        else {
            throw SecretsError(.hashingFailed, "crypt(3) could not compute a password hash; is there memory left?")
        }
        return body(UnsafeRawBufferPointer(start: hash, count: strlen(hash)))
    }

    /// Whether libxcrypt computes hashes with this setting (crypt_checksalt(3)).
    static func knows(setting: String) -> Bool {
        switch crypt_checksalt(setting) {
        case CRYPT_SALT_OK, CRYPT_SALT_METHOD_LEGACY, CRYPT_SALT_TOO_CHEAP: true
        default: false
        }
    }

    /// A setting with 128 random bits of salt (crypt_gensalt(3)).
    ///
    /// - Throws: ``SecretsError`` (`hashingFailed`).
    static func makeSetting(prefix: String, cost: UInt) throws(SecretsError) -> String {
        var random = [CChar](repeating: 0, count: 16)
        randombytes_buf(&random, random.count)
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        guard crypt_gensalt_rn(prefix, cost, random, Int32(random.count), &setting, Int32(setting.count)) != nil else {
            throw SecretsError(.hashingFailed, "crypt(3) has no scheme \(prefix) here; choose another passwords.scheme")
        }
        return setting.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
