// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The findings of a check of an account's mail.
public struct IntegrityFindings: Sendable {
    /// Whether the old mailbox was compared too.

    public struct Finding: Sendable {
        public var severity: Severity
        /// What it is, and what to do.
        public var text: String
    }

    /// A message that was moved according to the ledger, is still on the old server, and is not in the mailbox.
    public struct Missing: Sendable {
        /// As the old server calls it, with `/` between levels; nil where it has no folders.
        public var folder: String?
        public var uniqueID: String
        public var octets: Int64
    }

    public var account: EmailAddress
    public var status: MigrationStatus
    /// Messages recorded as moved.
    public var ledger = 0
    /// Of these, in the mailbox.
    public var present = 0
    /// Of these, neither in the mailbox nor, as far as is known, on the old server: deleted by their user.
    public var gone = 0
    /// On the old server and not moved yet; nil where it was not compared.
    public var waiting: Int?
    /// In the mailbox more often than they were moved.
    public var doubled = 0
    /// In the mailbox under names of moved messages, but with other contents.
    public var changed = 0
    /// Half-written messages that no run needs any more.
    public var leftInTmp = 0
    /// Deliveries that a crash or a fault has interrupted.
    public var interrupted = 0
    public var oldMailbox = OldMailbox.notAsked
    /// The first of them.
    public var missing: [Missing] = []
    public var missingCount = 0
    /// How many of the missing are being moved again.
    public var movedAgain = 0
    public var findings: [Finding] = []

    init(account: EmailAddress, status: MigrationStatus) {
        self.account = account
        self.status = status
    }

    /// Whether there is nothing to do.
    public var isOK: Bool { findings.allSatisfy { $0.severity == .info } }

    mutating func add(_ severity: Severity, _ text: String) { findings.append(Finding(severity: severity, text: text)) }
}
