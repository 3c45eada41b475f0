// SPDX-License-Identifier: Apache-2.0

import MailSession
import Secrets

/// One login: tries mechanisms in order, the next one only if one is unsupported, and none after a wrong password,
/// because each attempt counts against the user on the server.
struct Login: Sendable {
    enum Outcome: Sendable {
        case accepted
        case refused(Refusal, StatusLine)
        case noSecureMechanism
    }

    private enum Try {
        case done(Outcome)
        /// Nothing was shown to the server; the reply is kept in case no other mechanism is left.
        case next(StatusLine?)
    }

    /// RFC 5034 §4, RFC 2449 §4: a command with its CRLF.
    private static let longestCommand = 255
    private static let mostChallenges = 10

    let wire: any Wire
    let user: String
    let password: Password
    /// The server's name in its certificate or in DIGEST-MD5's `digest-uri`.
    let host: String
    let greeting: StatusLine
    let capabilities: Capabilities
    let isVerifiedTLS: Bool
    /// Called before the password, or a proof of it, is sent.
    let willShow: @Sendable () -> Void

    func run(secure: Bool) async throws(WireFailure) -> Outcome {
        let timestamp = APOP(greeting: greeting)
        var candidates = LoginMechanism.candidates(
            secure: secure, isVerifiedTLS: isVerifiedTLS, capabilities: capabilities, hasTimestamp: timestamp != nil)
        if candidates.first == .user, "PASS ".utf8.count + password.count + 2 > Self.longestCommand {
            // Servers may truncate a longer command, but not the responses of an exchange (RFC 5034 §4).
            let roomy = candidates.filter { capabilities.offer($0) }
            candidates = roomy + candidates.filter { !roomy.contains($0) }
        }
        if !isASCII, let index = candidates.firstIndex(of: .sasl(.digestMD5)) {
            // RFC 2831 §2.1.2.1 requires Latin-1 where that suffices, which many servers do not implement. Other
            // mechanisms go first, so that a right password is not rejected.
            candidates.append(candidates.remove(at: index))
        }
        var last: StatusLine?
        for mechanism in candidates {
            let result: Try =
                switch mechanism {
                case .user: try await userAndPassword()
                case .apop: try await apop(timestamp)
                case .sasl(let mechanism): try await sasl(mechanism)
                }
            switch result {
            case .done(let outcome): return outcome
            case .next(let reply): last = reply ?? last
            }
        }
        guard !secure, let last else { return .noSecureMechanism }
        return .refused(.refused, last)
    }

    private var isASCII: Bool {
        user.utf8.allSatisfy { $0 < 128 } && password.withOctets { $0.allSatisfy { $0 < 128 } }
    }

    /// RFC 1939 §7
    private func userAndPassword() async throws(WireFailure) -> Try {
        let named = try await perform(SecretOctets("USER \(user)"), expecting: .status)
        guard named.kind == .ok else { return judge(named, at: .user) }
        willShow()
        let answer = try await perform(password.withOctets { SecretOctets("PASS ", $0) }, expecting: .status)
        // Nothing is tried after a password has been shown.
        let judgement = judge(answer, at: .proof)
        if case .next = judgement { return .done(.refused(.refused, answer)) }
        return judgement
    }

    private func apop(_ apop: APOP?) async throws(WireFailure) -> Try {
        guard let apop else { return .next(nil) }
        willShow()
        let answer = try await perform(apop.command(user: user, password: password), expecting: .status)
        return judge(answer, at: .proof)
    }

    /// RFC 5034 §4
    private func sasl(_ mechanism: SASLMechanism) async throws(WireFailure) -> Try {
        guard var client = SASLClient(mechanism, user: user, password: password, host: host, service: "pop")
        else { return .next(nil) }
        var command = SecretOctets("AUTH \(mechanism.rawValue)")
        /// The initial response, if the command has no room for it.
        var waiting: SecretOctets?
        if mechanism.speaksFirst {
            guard case .response(let first) = try await client.first() else { return .next(nil) }
            let digits = first.isEmpty ? SecretOctets("=") : Base64.encode(first)
            if !capabilities.mechanisms.isEmpty, command.count + 1 + digits.count + 2 <= Self.longestCommand {
                command = digits.withOctets { SecretOctets("AUTH \(mechanism.rawValue) ", $0) }
            } else {
                waiting = first
            }
        }
        var stage: Refusal.Stage = mechanism.speaksFirst && waiting == nil ? .exchange : .mechanism
        if stage == .exchange, client.hasShownProof { stage = .proof }
        if stage == .proof { willShow() }
        var answer = try await perform(command, expecting: .challenge)
        for _ in 0..<Self.mostChallenges {
            switch answer.kind {
            case .error:
                return judge(answer, at: stage)
            case .ok where stage == .mechanism && mechanism == .ntlm:
                break  // [MS-POP3] §3.1.5.1: Exchange says `+OK` where RFC 5034 has `+ `.
            case .ok:
                guard stage == .proof, client.isComplete else {
                    throw .violation("accepts a login before it was shown or has shown a proof", quoting: answer.octets)
                }
                return .done(.accepted)
            case .continuation:
                break
            }
            let response: SecretOctets
            if let first = waiting {
                guard isEmptyChallenge(answer) else {
                    throw .violation("sends a challenge of another mechanism", quoting: answer.octets)
                }
                (response, waiting) = (first, nil)
            } else {
                let challenge = answer.kind == .ok ? [] : try decoded(answer)
                guard !client.isComplete else {
                    throw .violation("goes on after the end of \(mechanism.rawValue)", quoting: answer.octets)
                }
                switch try await client.respond(to: challenge) {
                case .response(let octets):
                    response = octets
                case .unsuitable:
                    // RFC 5034 §4: cancelled, which is answered with -ERR.
                    return .next(try await perform(SecretOctets("*"), expecting: .challenge))
                }
            }
            stage = client.hasShownProof ? .proof : .exchange
            if stage == .proof { willShow() }
            answer = try await perform(Base64.encode(response), expecting: .challenge)
        }
        throw .violation("never comes to an end of \(mechanism.rawValue)")
    }

    /// Some servers send `+ ` and some text when the client is to begin.
    private func isEmptyChallenge(_ line: StatusLine) -> Bool {
        line.kind == .ok || (Base64.decode(line.octets) ?? []).isEmpty
    }

    private func decoded(_ line: StatusLine) throws(WireFailure) -> [UInt8] {
        let digits = line.octets.filter { $0 != UInt8(ascii: " ") }
        guard let challenge = digits == Array("=".utf8) ? [] : Base64.decode(digits) else {
            throw .violation("sends a challenge that is not in Base64", quoting: line.octets)
        }
        return challenge
    }

    private func judge(_ line: StatusLine, at stage: Refusal.Stage) -> Try {
        guard line.kind != .ok else { return .done(.accepted) }
        let refusal = Refusal(line, at: stage)
        // After a proof, even "unsupported" is a verdict on it, unless the command itself is unknown.
        return refusal == .unsupported ? .next(line) : .done(.refused(refusal, line))
    }

    private func perform(
        _ line: SecretOctets, expecting expectation: Batch.Expectation
    ) async throws(WireFailure) -> StatusLine {
        try await wire.perform(one: Batch(secret: line, expecting: expectation)).line
    }
}
