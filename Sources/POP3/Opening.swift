// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import Secrets
public import Vocabulary

/// The steps of opening a session, each timed and reported.
public struct Opening: Sendable {
    /// A completed step.
    public struct Progress: Sendable {
        public var step: POP3Error.Step
        public var duration: Duration
        /// What was found, for people.
        public var detail: String
    }

    let server: OldServer
    let scrubber: Scrubber
    let progress: @Sendable (Progress) -> Void

    /// - Parameters:
    ///   - password: removed from whatever the server says, since it may know the password from an earlier session.
    ///   - progress: called after each step, from any thread.
    public init(
        _ server: OldServer, hiding password: Password? = nil,
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) {
        self.server = server
        self.scrubber = Scrubber(password: password)
        self.progress = progress
    }

    /// Takes a step. `detail` says what was found, for people.
    public func take<Value>(
        _ step: POP3Error.Step, _ work: () async throws(WireFailure) -> Value, detail: (Value) -> String
    ) async throws(POP3Error) -> Value {
        let start = ContinuousClock.now
        do throws(WireFailure) {
            let value = try await work()
            progress(Progress(step: step, duration: .now - start, detail: detail(value)))
            return value
        } catch {
            throw POP3Error(error, of: server, at: step, scrubber)
        }
    }

    /// Reads greeting and capabilities over a connected wire, and begins TLS according to the settings. Closes the line
    /// if that fails.
    public func session(over wire: any Wire) async throws(POP3Error) -> POP3Session {
        do throws(POP3Error) {
            var tls: TLSFacts?
            if server.security == .tls { tls = try await beginTLS(wire) }
            let greeting = try await take(.greeting) { () async throws(WireFailure) in
                try await Self.greeting(wire)
            } detail: {
                Reply($0, scrubber: scrubber).description
            }
            var capabilities = try await capabilities(wire)
            if try await mayBeginTLS(wire, capabilities) {
                tls = try await beginTLS(wire)
                capabilities = try await self.capabilities(wire)  // RFC 2595 §4
            }
            return POP3Session(
                server, wire: wire, greeting: greeting, tls: tls, capabilities: capabilities, scrubber: scrubber)
        } catch {
            wire.close()
            throw error
        }
    }

    private static func greeting(_ wire: any Wire) async throws(WireFailure) -> StatusLine {
        let line = try await wire.perform(one: .greeting).line
        guard line.kind == .ok else {
            if case .busy = Refusal(line, at: .mechanism) {
                throw WireFailure(code: .busy, message: "is busy", quoted: line.octets)
            }
            throw WireFailure(code: .unreachable, message: "serves nobody from here", quoted: line.octets)
        }
        return line
    }

    private func capabilities(_ wire: any Wire) async throws(POP3Error) -> Capabilities {
        try await take(.capabilities) { () async throws(WireFailure) in
            try await Capabilities.ask(wire, scrubber)
        } detail: {
            $0.areAnnounced ? $0.lines.joined(separator: ", ") : "does not know CAPA"
        }
    }

    private func beginTLS(_ wire: any Wire) async throws(POP3Error) -> TLSFacts {
        try await take(.tls) { () async throws(WireFailure) in
            try await wire.startTLS()
        } detail: {
            "\($0.version), certificate \($0.sha256)\($0.isVerified ? "" : ", not verified")"
        }
    }

    private static let withoutSTLS =
        "if the old server never offers STLS, use its TLS port (usually 995) with --security tls"

    /// Requests TLS by `STLS` (RFC 2595 §4) if the settings want it and the server offers it.
    private func mayBeginTLS(_ wire: any Wire, _ capabilities: Capabilities) async throws(POP3Error) -> Bool {
        // Certificate verification requires TLS: otherwise whoever strips STLS would not have to show a certificate.
        let isRequired =
            server.security == .starttls || (server.security == .opportunistic && server.certificate.verify != .none)
        guard isRequired || (server.security == .opportunistic && capabilities.stls) else { return false }
        do throws(WireFailure) {
            guard capabilities.stls else {
                throw WireFailure(
                    code: .untrusted,
                    message:
                        "does not offer STLS, which the settings require; somebody may have taken it out. Nothing was sent",
                    advice: Self.withoutSTLS)
            }
            let line = try await wire.perform("STLS")
            guard line.kind == .ok || !isRequired else {
                throw WireFailure(
                    code: .untrusted, message: "refuses STLS, which the settings require. Nothing was sent",
                    quoted: line.octets, advice: Self.withoutSTLS)
            }
            return line.kind == .ok
        } catch {
            throw POP3Error(error, of: server, at: .tls, scrubber)
        }
    }
}

extension Capabilities {
    /// `CAPA` (RFC 2449 §5).
    static func ask(_ wire: any Wire, _ scrubber: Scrubber) async throws(WireFailure) -> Capabilities {
        let answer = try await wire.perform(one: Batch("CAPA", expecting: .lines(.capabilities)))
        guard answer.line.kind == .ok else { return .unknown }
        let lines = answer.body.readableBytesView.split(separator: UInt8(ascii: "\n"))
        return Capabilities(lines: lines.map { scrubber.text(of: $0) })
    }
}
