// SPDX-License-Identifier: Apache-2.0

public import MailSession
public import Vocabulary

/// What comes between the connection and the login: greeting, capabilities, and TLS according to the settings.
public struct Opening: Sendable {
    public enum Step: Sendable { case greeting, capabilities, tls }

    /// A completed step.
    public struct Progress: Sendable {
        public var step: Step
        public var duration: Duration
        /// What was found, for people.
        public var detail: String
    }

    /// Where it could not go on.
    public struct Failure: Error, Sendable {
        public var step: Step
        public var failure: WireFailure
    }

    /// What is known now.
    public struct Opened: Sendable {
        public var greeting: Condition
        public var capabilities: Capabilities
        /// nil outside TLS.
        public var tls: TLSFacts?
    }

    private let server: OldServer
    private let scrubber: Scrubber
    private let progress: @Sendable (Progress) -> Void

    /// - Parameter progress: called after each step, from any thread.
    public init(_ server: OldServer, _ scrubber: Scrubber, progress: @escaping @Sendable (Progress) -> Void) {
        (self.server, self.scrubber, self.progress) = (server, scrubber, progress)
    }

    public func open(_ wire: any Wire) async throws(Failure) -> Opened {
        var tls: TLSFacts?
        if server.security == .tls { tls = try await beginTLS(wire) }
        let greeting = try await take(.greeting) { () async throws(WireFailure) in
            try await Self.greeting(wire)
        } detail: {
            scrubber.text(of: $0.condition.text)
        }
        var capabilities = try await capabilities(wire, known: greeting.capabilities)
        if try await mayBeginTLS(wire, capabilities) {
            tls = try await beginTLS(wire)
            // RFC 3501 §6.2.1: what was said before may be anybody's word.
            capabilities = try await self.capabilities(wire, known: nil)
        }
        return Opened(greeting: greeting.condition, capabilities: capabilities, tls: tls)
    }

    private func take<Value>(
        _ step: Step, _ work: () async throws(WireFailure) -> Value, detail: (Value) -> String
    ) async throws(Failure) -> Value {
        let start = ContinuousClock.now
        do throws(WireFailure) {
            let value = try await work()
            progress(Progress(step: step, duration: .now - start, detail: detail(value)))
            return value
        } catch {
            throw Failure(step: step, failure: error)
        }
    }

    private static func greeting(_ wire: any Wire) async throws(WireFailure) -> Answer {
        let answer = try await wire.greeting()
        let condition = answer.condition
        guard condition.kind == .bye else { return answer }
        guard condition.tellsOfFault, !ServerWords(condition.text).tellOfTooManyConnections else {
            throw WireFailure(code: .unreachable, message: "serves nobody from here", quoted: condition.text)
        }
        throw WireFailure(busy: condition)
    }

    private func capabilities(_ wire: any Wire, known: Capabilities?) async throws(Failure) -> Capabilities {
        try await take(.capabilities) { () async throws(WireFailure) in
            if let known { return known }
            return try await Capabilities.ask(wire)
        } detail: {
            scrubber.text(of: $0.names.sorted().joined(separator: ", ").utf8)
        }
    }

    private func beginTLS(_ wire: any Wire) async throws(Failure) -> TLSFacts {
        try await take(.tls) { () async throws(WireFailure) in
            try await wire.startTLS()
        } detail: {
            "\($0.version), certificate \($0.sha256)\($0.isVerified ? "" : ", not verified")"
        }
    }

    private static let withoutSTARTTLS =
        "if the old server never offers STARTTLS, use its TLS port (usually 993) with --security tls"

    /// Requests TLS by STARTTLS (RFC 3501 §6.2.1) if the settings want it and the server offers it.
    private func mayBeginTLS(_ wire: any Wire, _ capabilities: Capabilities) async throws(Failure) -> Bool {
        // Certificate verification requires TLS: otherwise whoever strips STARTTLS would not have to show a
        // certificate.
        let isRequired =
            server.security == .starttls || (server.security == .opportunistic && server.certificate.verify != .none)
        guard isRequired || (server.security == .opportunistic && capabilities.startTLS) else { return false }
        do throws(WireFailure) {
            guard capabilities.startTLS else {
                throw WireFailure(
                    code: .untrusted,
                    message: "does not offer STARTTLS, which the settings require; somebody may have taken it out. "
                        + "Nothing was sent",
                    advice: Self.withoutSTARTTLS)
            }
            let condition = try await wire.perform(.startTLS).condition
            guard condition.kind == .ok || !isRequired else {
                throw WireFailure(
                    code: .untrusted, message: "refuses STARTTLS, which the settings require. Nothing was sent",
                    quoted: condition.text, advice: Self.withoutSTARTTLS)
            }
            return condition.kind == .ok
        } catch {
            throw Failure(step: .tls, failure: error)
        }
    }
}

extension Capabilities {
    /// Asks for them (RFC 3501 §6.1.1).
    public static func ask(_ wire: any Wire) async throws(WireFailure) -> Capabilities {
        let answer = try await wire.perform(.capability)
        guard answer.condition.kind == .ok, let capabilities = answer.capabilities else {
            throw WireFailure(refused: answer.condition, "does not say what it can do (CAPABILITY)")
        }
        return capabilities
    }
}

extension WireFailure {
    /// The server refuses something that a session cannot do without.
    package init(refused condition: Condition, _ message: String) {
        self.init(
            code: condition.tellsOfFault ? condition.busyness : .refused, message: message, quoted: condition.text,
            pause: condition.pause)
    }

    /// The server gives nothing at present.
    package init(busy condition: Condition) {
        self.init(code: condition.busyness, message: "is busy", quoted: condition.text, pause: condition.pause)
    }
}

extension Condition {
    /// Seconds for which the server wants to be left alone, if it says so.
    package var pause: Int? { suggestedBackoff.map { ($0 + 999) / 1000 } }

    /// Whether it has given as much as it gives for now. Nothing is ever stored over there, so a quota that is exceeded
    /// is that of what is read (Gmail).
    package var tellsOfThrottling: Bool {
        switch code {
        case .limit, .throttled, .overQuota: true
        default: suggestedBackoff != nil || ServerWords(text).tellOfThrottling
        }
    }

    var busyness: SessionFault { tellsOfThrottling ? .throttled : .busy }

    /// Load or a fault, which passes: by its code or its words.
    public var tellsOfFault: Bool {
        tellsOfLoad || code == .serverBug || ServerWords(text).tellOfFault
    }

    /// Load, whatever was asked for: by its code, a pause that it names, or the words of a server that throttles.
    package var tellsOfLoad: Bool {
        switch code {
        case .unavailable, .inUse: true
        default: tellsOfThrottling
        }
    }
}
