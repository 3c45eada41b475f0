// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Phrases

/// Every sentence that an administrator may read has its Chinese.
@Suite struct CompletenessTests {
    private static let rooms = [
        "MailSession", "POP3", "POP3Source", "IMAP", "IMAPSource", "IMAPConnection", "IMAPStore", "MailConnection",
        "MaildirStore",
        "MailStore", "MessageIntake",
        "Runs",
        "Logins", "Notices", "MigrationFile", "Delivery", "Migration", "Accounts", "Diagnosis", "DNS", "Methods",
        "Vocabulary", "Secrets", "SQLDirectory", "LDAPDirectory", "CommandDirectory", "PlatformAccounts",
        "DirectoryConnections", "ChildPrograms",
    ]

    /// What servers and their users say, what is sent, and what has its Chinese beside it.
    private static let others: Set = [
        "MailSession/ServerWords.swift", "MailSession/ServerWords+Unknown.swift", "POP3/Wordings.swift",
        "IMAP/LoginWords.swift", "IMAP/WellKnownFolders.swift", "IMAP/Command.swift", "IMAP/CommandEncoder.swift",
        "IMAPStore/AppendVerdict.swift", "IMAPStore/FolderNaming.swift", "Methods/ImportTexts.swift",
        "Vocabulary/Reason.swift", "Vocabulary/Reason+Advice.swift",
        "MaildirStore/PathTemplate.swift",
        "Diagnosis/Hoster.swift",
        // What configurations are refused for is in English, as all of that.
        "SQLDirectory/SQLPreset.swift", "SQLDirectory/NamedStatement.swift", "SQLDirectory/SQLSettings.swift",
        "PlatformAccounts/DoveadmRequest.swift",
    ]

    /// What only the journal gets, which is in English.
    private static let journal: Set = [
        "{}; logins do not wait for it meanwhile",
        "{} deliveries were interrupted; their accounts' next runs look what has arrived",
        "{} deliveries were interrupted; what has arrived is looked for",
        "the mailbox is older than the records: {} messages are fetched again",
        "an event cannot be recorded: {}",
        "{} answers", ", without TLS", ", by {}{}", ", its certificate not verified",
        "{} shows the master user no INBOX of {}; with Dovecot's ACL plugin a master user sees nothing unless the userdb "
            + "sets master_user or acl_user",
        "a line to the platform is lost: {}", "the platform takes mail again",
        "{}. Until then logins go on, and moves wait.",
        "what the old server does is in the journal alone: {}",
        "what earlier runs left in tmp stays there: {}",
        "the password of a paused account stays: {}",
        "passwords of paused accounts stay: {}",
        "that a run has been stopped cannot be recorded: {}",
        "how long the old server takes to reject is known until the restart only: {}",
        "a wrong password is counted in memory only: {}",
        "counted failures of before the restart are lost: {}",
        "a change of the account is lost: {}",
        "the login could not be recorded as a trigger: {}",
        "whose runs were going on when the daemon ended",
        "what a crash interrupted waits for the accounts' next runs: {}",
        "what a crash interrupted waits for the account's next run: {}",
        "{}: that cannot be recorded: {}",
        "the moves that were interrupted cannot be recorded as that yet: {}",
        "hand-overs that were interrupted wait for their accounts' next logins: {}",
        "that its move was interrupted cannot be recorded: {}",
        "runs that are cut short now are taken for those that ended the daemon: {}",
        "contents are hashed as {} here, which this version of mailmoved does not know",
        "old events stay: {}",
        "the end of the window could not be told: {}",
        "a run cannot be tried again: {}",
        "whether it announces EXPIRE 0 could not be remembered: {}",
        "the key of the ledger's hashes has {} octets, not 16 to 64",
        "the platform has cut the hash off, and has its former one again ({}): is there room for it?",
        "the platform has cut the hash off: {}", "{} accounts were taken in",
        "the platform's list is read again later: {}",
        "a cache may still know the former password: {}", "the platform's accounts answer again",
        "the platform's accounts cannot be read, and first logins are put off meanwhile: {}",
        "news may be told again: {}", "an additional connection is given up: {}",
        "it left messages out, or sent them in another order",
        "news cannot be looked for: {}",
        "what was told of {} cannot be read: {}",
        "{} of {} could not be told: {}{}",
        "the seal key has {} octets instead of {}; make one with: head -c {} /dev/urandom",
    ]

    /// Parts of sentences that the book has as a whole, and texts that nobody reads.
    private static let parts: Set = [
        "; it said: {}", "; {}", "master user for {}", "EOF during handshake", "shows a certificate for another host{}",
        ", and answers a login in {}", "{} can be reached{}",
        "a POP3 session", "an IMAP session", "a connection to the platform", "mailbox {}",
        "Subject: Retrieval using the IMAP4 protocol failed for the following message", "store-marker {}",
        "found-by-content {}", "not started", "not migrating", "progress of {}", "mailmove password\0{}",
        "mailmove wrong passwords",
        "SELECT count(*) FROM sqlite_master", "BEGIN IMMEDIATE", "START TRANSACTION",
        "SELECT engine AS engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = :address",
        "-c statement_timeout={} -c lock_timeout={}", "two values have a place", "{\"do\": \"list\"",
        "(password hash)", ", or null", ": there are none", "; known are ",
        " (or, where it is switched already, the old server's name leads there too: set its address)",
    ]

    @Test(arguments: rooms) func everySentenceHasItsChinese(_ room: String) throws {
        let missing = try SourceTexts.sentences(of: room).filter { text in
            !Self.others.contains(text.file) && !Self.journal.union(Self.parts).contains(text.text)
                && !Phrasebook.mailmove.has(text.text)
        }
        for text in missing { Issue.record("\(text.file): \(text.text)") }
    }

    /// What the contract says of parameters that are wrong.
    @Test func everyExpectationHasItsChinese() throws {
        let files: Set = ["MailMoveAPI/SchemaCheck.swift", "MailMoveAPI/TextForm.swift"]
        let missing = try SourceTexts.sentences(of: "MailMoveAPI").filter { text in
            files.contains(text.file) && !Phrasebook.mailmove.has(text.text) && !Self.parts.contains(text.text)
        }
        for text in missing { Issue.record("\(text.file): \(text.text)") }
    }

    @Test func sentencesAreFoundInSources() {
        var reader = LiteralReader(
            #"""
            /// "no sentence"
            let a = "one \(call("inner", of: (1, 2))) two"  // "none"
            let b = "goes "
                + "on"
            let c = """
                long and \
                longer
                """
            let d = #"raw "text" here"#
            """#)
        #expect(reader.read() == ["one {} two", "goes on", "long and longer"])
    }
}
