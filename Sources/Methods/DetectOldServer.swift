// SPDX-License-Identifier: Apache-2.0

import Diagnosis
import MailMoveAPI
import Vocabulary

extension MethodTable {
    func detectOldServer(_ parameters: DetectOldServer) async throws -> DetectedServers {
        let subject: ServerDetection.Subject
        switch (parameters.address, parameters.domain) {
        case (let address?, _): subject = .account(address, parameters.password)
        case (nil, let domain?): subject = .domain(domain)
        case (nil, nil): throw Violation("domain", "is missing: give a domain or an address")
        }
        return DetectedServers(
            candidates: try await move.detection.detect(subject).map { candidate in
                DetectedServers.Candidate(
                    protocol: candidate.mailProtocol, host: candidate.host, port: candidate.port,
                    security: candidate.security, usernameIncludesDomain: candidate.usernameIncludesDomain,
                    source: candidate.source, ok: candidate.isOK, detail: candidate.detail)
            })
    }
}
