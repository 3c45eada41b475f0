// SPDX-License-Identifier: Apache-2.0

import CGSASL
import Glibc
import Secrets

/// The client's side of a SASL mechanism of libgsasl: SCRAM, DIGEST-MD5, NTLM.
///
/// A step may take long (PBKDF2): never call one on an event loop or in the cooperative pool.
final class GSASLClient: Sendable {
    enum Step: Sendable {
        case response(SecretOctets, isLast: Bool)
        /// The mechanism cannot carry this user name or password (SASLprep, RFC 4013).
        case unsuitable(String)
    }

    // Created here and never shared; a `SASLClient` awaits each step before the next, so no two threads use them at
    // once.
    private nonisolated(unsafe) let library: OpaquePointer
    private nonisolated(unsafe) let session: OpaquePointer

    /// nil if libgsasl was built without the mechanism.
    init?(_ mechanism: SASLMechanism, user: String, password: Password, host: String, service: String) {
        var library: OpaquePointer?
        var session: OpaquePointer?
        guard gsasl_init(&library) == CInt(GSASL_OK.rawValue), let library else { return nil }
        guard gsasl_client_start(library, mechanism.rawValue, &session) == CInt(GSASL_OK.rawValue), let session else {
            gsasl_done(library)
            return nil
        }
        self.library = library
        self.session = session
        let results = [
            gsasl_property_set(session, GSASL_AUTHID, user),
            gsasl_property_set(session, GSASL_SERVICE, service),
            gsasl_property_set(session, GSASL_HOSTNAME, host),
            password.withOctets { octets in
                gsasl_property_set_raw(
                    session, GSASL_PASSWORD, octets.baseAddress?.assumingMemoryBound(to: CChar.self), octets.count)
            },
        ]
        guard results.allSatisfy({ $0 == CInt(GSASL_OK.rawValue) }) else { return nil }
    }

    deinit {
        // libgsasl frees its copy without wiping it.
        if let copy = gsasl_property_fast(session, GSASL_PASSWORD) {
            explicit_bzero(UnsafeMutablePointer(mutating: copy), strlen(copy))
        }
        gsasl_finish(session)
        gsasl_done(library)
    }

    func step(_ challenge: [UInt8]) throws(WireFailure) -> Step {
        var output: UnsafeMutablePointer<CChar>?
        var length = 0
        let result = challenge.withUnsafeBytes { challenge in
            gsasl_step(
                session, challenge.baseAddress?.assumingMemoryBound(to: CChar.self), challenge.count, &output, &length)
        }
        defer {
            if let output {
                explicit_bzero(output, length)
                gsasl_free(output)
            }
        }
        switch Gsasl_rc(rawValue: UInt32(bitPattern: result)) {
        case GSASL_OK, GSASL_NEEDS_MORE:
            let response = SecretOctets(UnsafeRawBufferPointer(start: output, count: output == nil ? 0 : length))
            return .response(response, isLast: result == CInt(GSASL_OK.rawValue))
        case GSASL_SASLPREP_ERROR:
            return .unsuitable("the password or the user name cannot be prepared for it")
        case GSASL_AUTHENTICATION_ERROR, GSASL_INTEGRITY_ERROR:
            throw .violation("does not prove that it knows the password; it may not be the old server")
        default:
            throw .violation("sends a challenge that makes no sense (\(String(cString: gsasl_strerror(result))))")
        }
    }
}
