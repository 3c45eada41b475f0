// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func verifyOldServer(_ parameters: VerifyOldServer) async throws -> ServerFindings {
        let server: OldServer
        switch (parameters.oldServer, parameters.domain) {
        case (let given?, _): server = given.oldServer
        case (nil, let domain?): server = try await move.settings.overview(of: domain).settings.oldServer
        case (nil, nil): throw Violation("domain", "is missing: give a domain or an oldServer")
        }
        return ServerFindings(
            try await move.verification.verify(server, account: parameters.account, password: parameters.password))
    }
}

extension ServerFindings {
    fileprivate init(_ findings: OldServerFindings) {
        self.init(
            ok: findings.isOK,
            checks: findings.checks.map { check in
                Check(
                    name: check.name, ok: check.isOK, detail: check.detail,
                    milliseconds: check.milliseconds)
            },
            server: Server(
                greeting: findings.greeting, capabilities: findings.capabilities, mechanisms: findings.mechanisms,
                tls: findings.tls.map {
                    TLS(
                        version: $0.version, cipher: $0.cipher ?? "", sha256: $0.sha256, trusted: $0.isTrusted,
                        reason: $0.reason)
                }, pipelining: findings.pipelines, uidl: findings.hasUIDL, top: findings.hasTOP,
                id: findings.id.isEmpty ? nil : findings.id, namespace: findings.namespace,
                folders: findings.folders),
            mailbox: findings.mailbox.map { Mailbox(messages: $0.messages, octets: $0.octets) },
            advice: findings.advice)
    }
}
