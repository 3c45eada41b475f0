// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import Secrets

/// One login: tries mechanisms in order, the next one only if one is unsupported, and none after a wrong password,
/// because each attempt counts against the user on the server.
public struct Login: Sendable {
    public enum Outcome: Sendable {
        /// The server has answered.
        case judged(LoginVerdict, Answer)
        /// It must not be asked; nothing was sent.
        case noMechanism
    }

    private enum Try {
        case done(Answer)
        /// The server does not know it. The answer is kept in case no other mechanism is left.
        case next(Answer?)
    }

    private static let mostChallenges = 10

    private let wire: any Wire
    private let user: String
    /// As whom to act, where that is somebody else.
    private let identity: String
    private let password: Password
    private let host: String
    private let capabilities: Capabilities
    private let willShow: @Sendable () -> Void

    /// - Parameters:
    ///   - identity: as whom to act, where that is somebody else: then only PLAIN will do.
    ///   - host: the server's name in its certificate or in DIGEST-MD5's `digest-uri`.
    ///   - willShow: called before the password, or a proof of it, is sent.
    public init(
        _ wire: any Wire, user: String, actingAs identity: String = "", password: Password, host: String,
        capabilities: Capabilities, willShow: @escaping @Sendable () -> Void
    ) {
        (self.wire, self.user, self.identity, self.password, self.host) = (wire, user, identity, password, host)
        (self.capabilities, self.willShow) = (capabilities, willShow)
    }

    public func run(secure: Bool, isEncrypted: Bool, isVerifiedTLS: Bool) async throws(WireFailure) -> Outcome {
        var candidates = LoginMechanism.candidates(
            secure: secure, isEncrypted: isEncrypted, isVerifiedTLS: isVerifiedTLS, capabilities: capabilities,
            isASCII: isASCII)
        if !identity.isEmpty { candidates.removeAll { $0 != .sasl(.plain) } }
        var last: Answer?
        for mechanism in candidates {
            let result: Try =
                switch mechanism {
                case .login: try await login()
                case .sasl(let mechanism): try await sasl(mechanism)
                }
            switch result {
            case .done(let answer): return .judged(.ofLogin(answer.condition), answer)
            case .next(let answer): last = answer ?? last
            }
        }
        guard !secure, let last else { return .noMechanism }
        return .judged(.unavailable, last)
    }

    private var isASCII: Bool {
        user.utf8.allSatisfy { (32..<127).contains($0) }
            && password.withOctets { $0.allSatisfy { (32..<127).contains($0) } }
    }

    /// RFC 3501 §6.2.3
    private func login() async throws(WireFailure) -> Try {
        willShow()
        return judge(try await wire.perform(.login(user: user, password)), isShown: true)
    }

    /// RFC 3501 §6.2.2
    private func sasl(_ mechanism: SASLMechanism) async throws(WireFailure) -> Try {
        guard
            var client = SASLClient(
                mechanism, user: user, actingAs: identity, password: password, host: host, service: "imap")
        else { return .next(nil) }
        var first: Password?
        if mechanism.speaksFirst {
            guard case .response(let octets) = try await client.first() else { return .next(nil) }
            first = octets.withOctets { Password(octets: $0) }
            if client.hasShownProof { willShow() }
        }
        var step = try await wire.authenticate(.authenticate(mechanism: mechanism.rawValue, first: first))
        for _ in 0..<Self.mostChallenges {
            switch step {
            case .answered(let answer):
                if answer.condition.kind == .ok, !client.hasShownProof || !client.isComplete {
                    throw .violation(
                        "accepts a login before it was shown or has shown a proof", quoting: answer.condition.text)
                }
                return judge(answer, isShown: client.hasShownProof)
            case .challenge(let challenge):
                guard !client.isComplete else {
                    throw .violation("goes on after the end of \(mechanism.rawValue)", quoting: challenge)
                }
                switch try await client.respond(to: challenge) {
                case .response(let octets):
                    if client.hasShownProof { willShow() }
                    step = try await wire.respond(octets.withOctets { Password(octets: $0) })
                case .unsuitable:
                    // RFC 3501 §6.2.2: cancelled, which is answered with BAD.
                    guard case .answered(let answer) = try await wire.respond(nil) else {
                        throw .violation("goes on with a login that was cancelled")
                    }
                    return .next(answer)
                }
            }
        }
        throw .violation("never comes to an end of \(mechanism.rawValue)")
    }

    private func judge(_ answer: Answer, isShown: Bool) -> Try {
        let condition = answer.condition
        guard condition.kind != .ok else { return .done(answer) }
        let words = ServerWords(condition.text)
        let isUnknown =
            isShown
            ? condition.code == .cannot || condition.kind == .bad && words.knowNoCommandForSure
            : condition.code == .cannot || condition.kind == .bad || words.knowNoCommand
        return isUnknown ? .next(answer) : .done(answer)
    }
}

/// A way to log in by IMAP.
enum LoginMechanism: Hashable, Sendable {
    /// `AUTHENTICATE`
    case sasl(SASLMechanism)
    /// `LOGIN`
    case login

    /// Those that never show the password, best first.
    private static let secure: [SASLMechanism] = [.scramSHA256, .scramSHA1, .digestMD5, .cramMD5, .ntlm]

    /// The mechanisms to try, in order, the next one only if one turns out to be unsupported. None: the password must
    /// not be sent.
    /// - Parameter isASCII: whether user name and password need no literals, which some servers mishandle in LOGIN.
    static func candidates(
        secure: Bool, isEncrypted: Bool, isVerifiedTLS: Bool, capabilities: Capabilities, isASCII: Bool
    ) -> [LoginMechanism] {
        let offered = Set(capabilities.mechanisms)
        func announced(_ mechanisms: [SASLMechanism]) -> [LoginMechanism] {
            mechanisms.filter { offered.contains($0.rawValue) }.map { .sasl($0) }
        }
        if secure {
            var mechanisms = announced(Self.secure)
            // RFC 2831 §2.1.2.1 requires Latin-1 where that suffices, which many servers do not implement.
            if !isASCII, let index = mechanisms.firstIndex(of: .sasl(.digestMD5)) {
                mechanisms.append(mechanisms.remove(at: index))
            }
            return mechanisms + (isVerifiedTLS ? announced([.plain]) : [])
        }
        // RFC 3501 §6.2.3: LOGINDISABLED is how a server says that it wants TLS first.
        guard !capabilities.loginIsDisabled else { return isEncrypted ? announced([.plain, .login]) : [] }
        let others = announced([.plain, .login])
        return isASCII ? [.login] + others : others + [.login]
    }
}
