// SPDX-License-Identifier: Apache-2.0

import Vocabulary

/// The steps of opening a session, each timed and reported.
struct Steps: Sendable {
    let server: OldServer
    let scrubber: Scrubber
    let progress: @Sendable (POP3Session.Progress) -> Void

    func take<Value>(
        _ step: POP3Error.Step, _ work: () async throws(WireFailure) -> Value, detail: (Value) -> String
    ) async throws(POP3Error) -> Value {
        let start = ContinuousClock.now
        do throws(WireFailure) {
            let value = try await work()
            progress(POP3Session.Progress(step: step, duration: .now - start, detail: detail(value)))
            return value
        } catch {
            throw error.described(server, step, scrubber)
        }
    }

    func capabilities(_ wire: any Wire) async throws(POP3Error) -> Capabilities {
        try await take(.capabilities) { () async throws(WireFailure) in
            try await Capabilities.ask(wire, scrubber)
        } detail: {
            $0.areAnnounced ? $0.lines.joined(separator: ", ") : "does not know CAPA"
        }
    }

    func beginTLS(_ wire: any Wire) async throws(POP3Error) -> TLSFacts {
        try await take(.tls) { () async throws(WireFailure) in
            try await wire.startTLS()
        } detail: {
            "\($0.version), certificate \($0.sha256)\($0.isVerified ? "" : ", not verified")"
        }
    }

    private static let withoutSTLS =
        "if the old server never offers STLS, use its TLS port (usually 995) with security \"tls\""

    /// Asks for TLS by `STLS` (RFC 2595 §4) where the settings want it and the server offers it.
    func mayBeginTLS(_ wire: any Wire, _ capabilities: Capabilities) async throws(POP3Error) -> Bool {
        // A certificate that is to be judged needs TLS: whoever takes STLS out would not have to show one.
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
            throw error.described(server, .tls, scrubber)
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
