// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailStore
public import Vocabulary

/// What a look at the platform has found.
public struct PlatformFinding: Hashable, Sendable {
    public enum Severity: Hashable, Sendable {
        case good
        /// It works, and could be better.
        case advice
        /// Moves wait until it has passed.
        case passing
        /// Moves wait until an administrator has done something.
        case wrong
    }

    public var severity: Severity
    /// What it is, and what to do, for people.
    public var text: String
}

extension IMAPStore {
    /// Connects, and enters a mailbox if one is named. Nothing is changed over there.
    /// - Parameter account: whose mailbox is there for certain; nil where none is known.
    public func verify(entering account: EmailAddress?) async -> [PlatformFinding] {
        var findings: [PlatformFinding] = []
        do throws(MailStoreError) {
            let capabilities = try await breaker.guarding(nil) { () async throws(PlatformFailure) in
                let opened = try await dialler.connect()
                opened.wire.leave()
                return opened.opening
            }
            findings.append(
                PlatformFinding(
                    severity: .good,
                    text: "\(platform.subject) answers"
                        + (capabilities.tls.map {
                            ", by \($0.version)\($0.isVerified ? "" : ", its certificate not verified")"
                        }
                            ?? ", without TLS")))
        } catch {
            return [PlatformFinding(severity: breaker.isConfiguration ? .wrong : .passing, text: error.detail)]
        }
        guard let account else {
            findings.append(
                PlatformFinding(
                    severity: .good,
                    text:
                        "no mailbox is known that is there, so the master user \(platform.masterUser) has not been tried"
                ))
            return findings
        }
        do throws(MailStoreError) {
            findings += try await onLine(of: account) { (line) async throws(WireFailure) in
                try await self.findings(on: line)
            }
        } catch {
            findings.append(PlatformFinding(severity: breaker.isConfiguration ? .wrong : .passing, text: error.detail))
        }
        return findings
    }

    private func findings(on line: MailboxLine) async throws(WireFailure) -> [PlatformFinding] {
        var findings = [
            PlatformFinding(
                severity: .good, text: "the master user \(platform.masterUser) enters the mailbox of \(line.account)")
        ]
        // With Dovecot's ACL plugin it is let in, and sees nothing.
        if try await line.watermark(of: .inbox) == nil {
            findings.append(
                PlatformFinding(
                    severity: .wrong,
                    text:
                        "\(platform.subject) shows the master user no INBOX of \(line.account); with Dovecot's ACL plugin "
                        + "a master user sees nothing unless the userdb sets master_user or acl_user"))
        }
        var missing: [String] = []
        if !line.capabilities.multiAppend { missing.append("MULTIAPPEND") }
        if line.capabilities.literals != .ahead { missing.append("LITERAL+") }
        if !line.capabilities.uidPlus { missing.append("UIDPLUS") }
        if !missing.isEmpty {
            findings.append(
                PlatformFinding(
                    severity: .advice,
                    text:
                        "\(platform.subject) does not offer \(missing.joined(separator: ", ")): mail moves more slowly")
            )
        }
        return findings
    }
}
