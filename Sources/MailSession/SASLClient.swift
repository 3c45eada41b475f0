// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Secrets
import Waiting

/// The client's side of one SASL exchange: challenges in, responses out, in octets before Base64.
public struct SASLClient: Sendable {
    /// What the client says next.
    public enum Step: Sendable {
        case response(SecretOctets)
        /// The mechanism cannot carry this user name or password, for this reason; the exchange must be cancelled.
        case unsuitable(String)
    }

    /// Otherwise a hostile server could keep a thread busy for years (RFC 5802 §5.1 has no upper bound).
    static let mostIterations = 1_000_000

    /// For expensive proofs, as many at once as there are cores.
    private static let pool = WorkerPool("sasl", threads: sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    public let mechanism: SASLMechanism
    private let user: String
    /// As whom to act, where that is somebody else.
    private let identity: String
    private let password: Password
    private let library: GSASLClient?
    private var challenges = 0
    /// Whether the password, or a proof of it, has been handed out.
    public private(set) var hasShownProof = false
    /// Whether the exchange is complete; with SCRAM and DIGEST-MD5, this includes the server's own proof.
    public private(set) var isComplete = false

    /// nil if the mechanism is unavailable, or cannot carry these credentials.
    /// - Parameters:
    ///   - identity: as whom to act, where that is somebody else; only with PLAIN.
    ///   - host: what the server calls itself, for DIGEST-MD5's `digest-uri`.
    ///   - service: the protocol's name in the registry of GSSAPI services (RFC 4422 §4): `pop`, `imap`.
    public init?(
        _ mechanism: SASLMechanism, user: String, actingAs identity: String = "", password: Password, host: String,
        service: String
    ) {
        guard identity.isEmpty || mechanism == .plain else { return nil }
        self.mechanism = mechanism
        self.user = user
        self.identity = identity
        self.password = password
        switch mechanism {
        case .scramSHA256, .scramSHA1, .digestMD5, .ntlm:
            guard mechanism != .ntlm || Self.fitNTLM(user, password) else { return nil }
            let library = GSASLClient(mechanism, user: user, password: password, host: host, service: service)
            guard let library else { return nil }
            self.library = library
        case .cramMD5, .plain, .login:
            library = nil
        }
    }

    /// libntlm builds its message in 1024 octets, in UTF-16, which it makes by adding a zero after each octet, and
    /// truncates a password after 128: anything beyond that would send a different password.
    private static func fitNTLM(_ user: String, _ password: Password) -> Bool {
        user.utf8.count <= 128 && user.utf8.allSatisfy { $0 < 128 } && password.count <= 128
            && password.withOctets { $0.allSatisfy { $0 < 128 } }
    }

    /// The client's initial response, if the mechanism has one.
    /// - Throws: as ``respond(to:)``.
    public mutating func first() async throws(WireFailure) -> Step { try await respond(to: nil) }

    /// The response to a challenge, both before Base64. SCRAM takes long (PBKDF2), on a thread that may block.
    /// - Parameter challenge: nil if the client speaks first.
    /// - Throws: `protocolViolation` if the challenge makes no sense, or the server fails to prove itself.
    public mutating func respond(to challenge: [UInt8]?) async throws(WireFailure) -> Step {
        let number = challenges
        challenges += 1
        let challenge = challenge ?? []
        switch mechanism {
        case .plain:  // RFC 4616
            guard number == 0, challenge.isEmpty else { throw Self.strange(challenge) }
            (hasShownProof, isComplete) = (true, true)
            return .response(password.withOctets { SecretOctets("\(identity)\0\(user)\0", $0) })
        case .login:
            let prompt = String(decoding: challenge, as: UTF8.self).lowercased()
            if number == 0, !prompt.hasPrefix("pass"), !Self.isTimestamp(challenge) {
                return .response(SecretOctets(user))
            }
            guard number == 1, !prompt.hasPrefix("user") else { throw Self.strange(challenge) }
            (hasShownProof, isComplete) = (true, true)
            return .response(password.withOctets { SecretOctets($0) })
        case .cramMD5:  // RFC 2195
            guard number == 0, Self.isTimestamp(challenge) else { throw Self.strange(challenge) }
            (hasShownProof, isComplete) = (true, true)
            let proof = password.withOctets { MD5.authenticationCode(of: challenge, key: $0) }
            return .response(MD5.hexadecimal(proof).withUnsafeBytes { SecretOctets("\(user) ", $0) })
        case .scramSHA256, .scramSHA1:
            if number == 1 { try Self.checkIterations(challenge) }
            return try await step(challenge, showsProof: number >= 1)
        case .digestMD5:
            return try await step(challenge, showsProof: true)
        case .ntlm:
            if number == 1 { try Self.checkNTLM(challenge) }
            return try await step(challenge, showsProof: number >= 1)
        }
    }

    private mutating func step(_ challenge: [UInt8], showsProof: Bool) async throws(WireFailure) -> Step {
        guard let library else { throw Self.strange(challenge) }
        let result = await Self.pool.run { () -> Result<GSASLClient.Step, WireFailure> in
            do throws(WireFailure) { return .success(try library.step(challenge)) } catch { return .failure(error) }
        }
        switch try result.get() {
        case .unsuitable(let why): return .unsuitable(why)
        case .response(let response, let isLast):
            if showsProof { hasShownProof = true }
            isComplete = isLast
            return .response(response)
        }
    }

    /// RFC 5802 §7: `r=…,s=…,i=4096`
    static func checkIterations(_ challenge: [UInt8]) throws(WireFailure) {
        let field = challenge.split(separator: UInt8(ascii: ",")).first { $0.starts(with: "i=".utf8) }
        guard let field, let count = Int(decimalPrefixOf: field.dropFirst(2)), count > 0 else {
            throw strange(challenge)
        }
        guard count <= mostIterations else {
            throw .violation("asks for \(count) iterations of SCRAM; more than \(mostIterations) are not done")
        }
    }

    /// [MS-NLMP] §2.2.1.2: libntlm believes the lengths of a CHALLENGE_MESSAGE, so they are checked here.
    static func checkNTLM(_ challenge: [UInt8]) throws(WireFailure) {
        guard challenge.count >= 32, challenge.count <= 1024,
            challenge.starts(with: Array("NTLMSSP".utf8) + [0, 2, 0, 0, 0])
        else { throw strange(challenge) }
        let length = Int(challenge[12]) | Int(challenge[13]) << 8
        let offset = (0..<4).reduce(0) { $0 | Int(challenge[16 + $1]) << (8 * $1) }
        guard length <= 256, length == 0 || offset + length <= challenge.count else { throw strange(challenge) }
    }

    private static func isTimestamp(_ challenge: [UInt8]) -> Bool {
        challenge.first == UInt8(ascii: "<") && challenge.last == UInt8(ascii: ">")
            && challenge.allSatisfy { (33...126).contains($0) }
    }

    private static func strange(_ challenge: [UInt8]) -> WireFailure {
        .violation("sends a challenge of another mechanism, or none that makes sense", quoting: challenge)
    }
}
