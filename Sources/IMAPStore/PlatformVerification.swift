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
        /// Until an administrator has done something, moves wait, or mail does not arrive as it is.
        case wrong
    }

    public var severity: Severity
    /// What it is, and what to do, for people.
    public var text: String
}

extension IMAPStore {
    /// What came of a look at the platform.
    public struct Verification: Sendable {
        public var findings: [PlatformFinding] = []
        /// Identifies a platform that has given a message back as it was sent; nil where it has not, or was not asked.
        public var proof: String?
    }

    /// Connects, and enters a mailbox if one is named; there, a message goes into a folder of its own, is read back, and
    /// taken away again.
    /// - Parameters:
    ///   - account: whose mailbox is entered; nil where none is known.
    ///   - isThere: whether that mailbox is there for certain.
    ///   - proof: what an earlier look has brought; while the platform is the same, no message is sent.
    public func verify(
        entering account: EmailAddress?, isThere: Bool = true, knowing proof: String? = nil
    ) async -> Verification {
        var verification = Verification()
        func add(_ severity: PlatformFinding.Severity, _ text: String) {
            verification.findings.append(PlatformFinding(severity: severity, text: text))
        }
        do throws(MailStoreError) {
            let opening = try await opening()
            let tls = opening.tls.map { ", by \($0.version)\($0.isVerified ? "" : ", its certificate not verified")" }
            add(.good, "\(platform.subject) answers\(tls ?? ", without TLS")")
        } catch {
            add(breaker.isConfiguration ? .wrong : .passing, error.detail)
            return verification
        }
        guard let account else {
            add(
                .advice,
                "no mailbox is known that is there, so the master user \(platform.masterUser) has not been tried")
            return verification
        }
        do throws(MailStoreError) {
            let found = try await onLine(of: account) { (line) async throws(WireFailure) in
                try await self.look(by: line, knowing: proof)
            }
            verification.findings += found.findings
            verification.proof = found.proof
        } catch {
            let isSure = isThere || breaker.kind != .masterTurnedAway
            add(isSure && breaker.isConfiguration ? .wrong : .passing, error.detail)
        }
        return verification
    }

    private func look(
        by line: MailboxLine, knowing proof: String?
    ) async throws(WireFailure) -> Verification {
        var verification = Verification()
        verification.findings.append(
            PlatformFinding(
                severity: .good,
                text: "the master user \(platform.masterUser) enters the mailbox of \(line.account)"))
        let rights = try await rights(by: line)
        verification.findings += rights
        guard rights.isEmpty else { return verification }
        verification.findings += try await room(by: line)
        var missing: [String] = []
        if !line.capabilities.multiAppend { missing.append("MULTIAPPEND") }
        if line.capabilities.literals != .ahead { missing.append("LITERAL+") }
        if !line.capabilities.uidPlus { missing.append("UIDPLUS") }
        if !missing.isEmpty {
            verification.findings.append(
                PlatformFinding(
                    severity: .advice,
                    text:
                        "\(platform.subject) does not offer \(missing.joined(separator: ", ")): mail moves more slowly")
            )
        }
        let now = "\(platform.server.subject) \(line.capabilities.names.sorted().joined(separator: " "))"
        if verification.findings.contains(where: { $0.severity == .wrong }) { return verification }
        verification.proof = now
        guard proof != now else { return verification }
        let found = try await PlatformTrial(line, platform).run()
        verification.findings += found
        if found.contains(where: { $0.severity == .wrong }) { verification.proof = nil }
        return verification
    }

    /// What is wrong with the master user's rights.
    private func rights(by line: MailboxLine) async throws(WireFailure) -> [PlatformFinding] {
        let remedy =
            "with Dovecot's ACL plugin a master user has no rights unless the userdb sets master_user or acl_user"
        func wrong(_ what: String) -> [PlatformFinding] {
            [PlatformFinding(severity: .wrong, text: "\(platform.subject) \(what); \(remedy)")]
        }
        let inbox: Watermark?
        do throws(WireFailure) {
            inbox = try await line.watermark(of: .inbox)
        } catch {
            guard error.code == .refused, !line.isBroken else { throw error }
            inbox = nil
        }
        guard inbox != nil else { return wrong("shows the master user no INBOX of \(line.account)") }
        guard line.capabilities.accessControl else { return [] }
        let heard = Heard(String?.none)
        let answer = try await line.step { () async throws(WireFailure) in
            try await line.wire.perform(.rights(.inbox)) { if case .rights(let rights) = $0 { heard.set(rights) } }
        }
        // RFC 4314 §2.1: to insert, and to set flags.
        guard answer.condition.kind == .ok, let rights = heard.value, !rights.contains("i") else { return [] }
        return wrong("lets the master user put no mail into the INBOX of \(line.account) (its rights: \(rights))")
    }

    /// What is known of the mailbox's room.
    private func room(by line: MailboxLine) async throws(WireFailure) -> [PlatformFinding] {
        guard line.capabilities.quota else { return [] }
        let heard = Heard([Quota.Resource]())
        let answer = try await line.step { () async throws(WireFailure) in
            try await line.wire.perform(.quotaRoot(.inbox)) { response in
                if case .quota(let quota) = response { heard.change { $0 += quota.resources } }
            }
        }
        guard answer.condition.kind == .ok else { return [] }
        return heard.value.filter { ["STORAGE", "MESSAGE"].contains($0.name) }.map { resource in
            let unit = resource.name == "STORAGE" ? "KiB" : "messages"
            let figures = "\(resource.used) of \(resource.limit) \(unit) are in use"
            return resource.used >= resource.limit
                ? PlatformFinding(
                    severity: .wrong,
                    text: "\(platform.subject) has no room for mail of \(line.account): \(figures). Give the mailbox a "
                        + "larger quota; until then its mail waits")
                : PlatformFinding(
                    severity: .good,
                    text:
                        "\(platform.subject) has a quota for the mailbox of \(line.account): \(figures). A mailbox of the "
                        + "old server that is larger than its quota here waits when that is full")
        }
    }
}
