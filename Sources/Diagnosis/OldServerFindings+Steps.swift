// SPDX-License-Identifier: Apache-2.0

import MailSource
import Vocabulary

extension OldServerFindings {
    mutating func add(_ name: Check.Name, _ isOK: Bool, _ detail: String, _ took: Duration) {
        let check = Check(
            name: name, isOK: isOK, detail: detail, milliseconds: Int(saturating: took / .milliseconds(1)))
        // Capabilities are requested again inside TLS; the latest answer counts.
        if let index = checks.firstIndex(where: { $0.name == name }) {
            checks[index] = check
        } else {
            checks.append(check)
        }
    }

    mutating func take(_ steps: [ProbeStep]) {
        for step in steps { if let name = Check.Name(step.step, .pop3) { add(name, true, step.detail, step.duration) } }
    }

    mutating func fail(_ error: SourceError, of server: OldServer, took: Duration) {
        add(Check.Name(error.step, server.mailProtocol) ?? .connect, false, error.description, took)
        advice.append(error.advice ?? Self.remedy(error, server))
    }

    mutating func take(_ facts: ServerFacts) {
        greeting = facts.greeting
        capabilities = facts.capabilities
        mechanisms = facts.mechanisms
        pipelines = facts.pipelines
        hasUIDL = facts.hasUIDL
        hasTOP = facts.hasTOP
    }

    /// Some say more to those they know.
    mutating func take(later facts: ServerFacts) {
        capabilities += facts.capabilities.filter { !capabilities.contains($0) }
        id = facts.id
        namespace = facts.namespace
        folders = facts.folders.isEmpty ? nil : facts.folders
    }

    mutating func advise(_ server: OldServer, _ facts: ServerFacts) {
        if facts.traits.fetchingDeletes {
            advice.append("EXPIRE 0: retrieving a message deletes it on the old server; keep a backup of it")
        }
        if tls == nil, server.security != .none {
            advice.append(
                "\(server.mailProtocol.startTLS) is not offered: passwords travel in the clear unless --secure-auth is set"
            )
        }
        if let tls, !tls.isTrusted, server.certificate.verify != .fingerprint {
            advice.append(
                "the certificate is not trusted; to pin it, use --fingerprint \(tls.sha256)")
        }
        if let delay = facts.traits.loginDelay, delay > 0 {
            advice.append("LOGIN-DELAY \(delay): runs of one account are at least that many seconds apart")
        }
        if !pipelines {
            advice.append("PIPELINING is not announced; it is tried all the same, and else moves are slower")
        }
    }

    private static func remedy(_ error: SourceError, _ server: OldServer) -> String {
        switch error.code {
        case .exhausted: "give the daemon more descriptors (LimitNOFILE=), then try again"
        case .unresolved: "check the host name, or give the old server's IP address"
        case .unreachable, .timedOut, .closed:
            "check host and port, that the old server runs, and that its firewall lets this machine in"
        case .untrusted where server.certificate.verify == .fingerprint:
            "check --port and --security, and which versions and ciphers of TLS the old server speaks"
        case .untrusted:
            "check --security and --verify: --fingerprint pins a certificate that no authority signs"
        case .protocolViolation, .pipeliningBroken:
            "check that this is a \(server.mailProtocol.name) server, and whether its port wants TLS"
        case .refused, .busy, .throttled: "try again in a moment; another program may have the mailbox open"
        case .cancelled, .invalidCredentialOctets: "check account and password"
        }
    }

    /// In the contract's order, whenever TLS came.
    func inOrder() -> OldServerFindings {
        var sorted = self
        let order = Dictionary(uniqueKeysWithValues: Check.Name.allCases.enumerated().map { ($1, $0) })
        sorted.checks.sort { order[$0.name, default: 0] < order[$1.name, default: 0] }
        return sorted
    }
}

extension OldServerFindings.Check.Name {
    /// The check that a step belongs to; nil if to none.
    init?(_ step: SourceError.Step, _ mailProtocol: MailProtocol) {
        switch step {
        case .resolve: self = .resolve
        case .connect: self = .connect
        case .greeting: self = .greeting
        case .capabilities: self = .capabilities
        case .tls: self = .tls
        case .login: self = .authenticate
        case .folders: self = mailProtocol == .imap ? .folders : .mailbox
        case .listing: self = mailProtocol == .imap ? .folders : .uidl
        case .fetch: self = .retrieve
        case .delete, .farewell: return nil
        }
    }
}
