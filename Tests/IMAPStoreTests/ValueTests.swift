// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailStore
import Secrets
import Testing
import Vocabulary

@testable import IMAPStore

/// Names, answers, batches and pauses: values.
@Suite struct ValueTests {
    // MARK: Who enters

    private func platform(_ format: String) -> Platform {
        Platform(
            server: OldServer(.imap, host: "127.0.0.1", port: 143, security: .none), masterUser: "mover",
            userFormat: .init(format)
        ) { Password("x") }
    }

    @Test(arguments: [
        ("%u*%m", "ann@example.com*mover", ""), ("%m\\%u", "mover\\ann@example.com", ""),
        ("authzid", "mover", "ann@example.com"),
        ("%u%%%m", "ann@example.com%mover", ""),
    ])
    func theMasterUserEntersAsThePlatformWantsIt(format: String, user: String, identity: String) throws {
        let login = platform(format).login(for: try EmailAddress("Ann@example.com"))
        #expect(login.user == user && login.identity == identity)
    }

    // MARK: Answers

    @Test(arguments: [
        (ResponseCode?.none, "Quota exceeded (mailbox for user is full)", AppendVerdict.full),
        (.overQuota, "no", .full), (nil, "Mailbox is full", .full),
        (.limit, "Too many messages at once", .wait(seconds: nil)), (.unavailable, "later", .wait(seconds: nil)),
        (nil, "Request is throttled. Suggested Backoff Time: 2500 milliseconds", .wait(seconds: 3)),
        (nil, "Server busy, try again later", .wait(seconds: nil)),
        (.limit, "Message size exceeds the limit", .message), (.tooBig, "", .message),
        (nil, "Message contains bare newlines", .message), (nil, "Message contains NUL characters", .message),
        (nil, "Message contains non-ASCII characters in headers", .message), (.tryCreate, "no", .noFolder),
        (nil, "Mailbox doesn't exist: Sent", .noFolder), (.noPermission, "ACL", .folderBarred),
        (.readOnly, "", .folderBarred), (.contactAdmin, "", .barred),
        (.serverBug, "Internal error occurred. Refer to server log for more information.", .fault),
        (nil, "Internal server error", .fault),
    ])
    func whatARefusalIsAbout(code: ResponseCode?, words: String, verdict: AppendVerdict) {
        #expect(AppendVerdict(Condition(.no, code: code, text: words)) == verdict)
    }

    // MARK: Folders

    @Test func namesAreThePlatforms() throws {
        var naming = FolderNaming(isUTF8: false)
        var namespaces = Namespaces()
        namespaces.personal = [.init(prefix: "INBOX.", delimiter: UInt8(ascii: "."))]
        namespaces.otherUsers = [.init(prefix: "user.", delimiter: UInt8(ascii: "."))]
        naming.take(namespaces)
        #expect(naming.name(of: ["INBOX"]) == .inbox)
        #expect(naming.name(of: ["Projekte", "Müller 2.0"]).octets == Array("INBOX.Projekte.M&APw-ller 2_0".utf8))
        #expect(naming.path(of: MailboxName(octets: "INBOX.Sent.2024".utf8)) == "Sent/2024")
        #expect(!naming.isPersonal(MailboxName(octets: "user.bob".utf8)))
        #expect(naming.isPersonal(MailboxName(octets: "INBOX.user".utf8)))
        #expect(naming.name(of: ["a*b%c\n"]).octets == Array("INBOX.a_b_c_".utf8))
    }

    @Test func theInboxIsInCapitalsInWhateverCaseItIs() {
        let naming = FolderNaming(isUTF8: false)
        #expect(naming.name(of: ["Inbox"]) == .inbox)
        #expect(naming.name(of: ["inbox", "Sub"]).octets == Array("INBOX/Sub".utf8))
    }

    @Test func namesAreInUTF8WhereThePlatformHasNoOthers() {
        #expect(FolderNaming(isUTF8: true).name(of: ["收件", "é"]).octets == Array("收件/é".utf8))
    }

    // MARK: Batches

    @Test func aBatchIsReadAgainAsItWas() throws {
        var batch = IMAPBatch(
            account: try EmailAddress("ann@example.com"), folder: ["Sent", "Müller"],
            messages: [.init(handle: "3-1", content: ContentHash(value: -5), octets: 77)])
        #expect(IMAPBatch(batch.staged) == batch)
        batch.watermark = Watermark(validity: 7, next: 12)
        batch.preparedAt = Timestamp(milliseconds: 1_700_000_000_123)
        #expect(IMAPBatch(encoded: batch.staged.encoded) == batch)
        #expect(batch.staged.lane == IMAPBatch.lane(of: batch.account) && batch.staged.count == 1)
        let others: [[UInt8]] = [
            [], Array("imap1".utf8), [0], batch.staged.encoded.dropLast(), Array("2\0a\0".utf8),
        ]
        for octets in others { #expect(IMAPBatch(encoded: octets) == nil) }
    }

    @Test func noBatchGrowsBeyondWhatIsAppendedAtOnce() throws {
        let ann = try EmailAddress("ann@example.com")
        func batch(_ octets: Int, _ folder: String = "INBOX") -> IMAPBatch {
            IMAPBatch(
                account: ann, folder: [folder],
                messages: [.init(handle: "1", content: ContentHash(value: 1), octets: octets)]
            )
        }
        let first = batch(IMAPBatch.mostOctets - 10)
        #expect(joined(first, batch(11)) == nil && joined(first, batch(1, "Sent")) == nil)
        let both = try #require(joined(first, batch(10)))
        #expect(IMAPBatch(both)?.messages == first.messages + batch(10).messages)
        #expect(both.count == 2 && both.octets == IMAPBatch.mostOctets && IMAPBatch(both)?.staged == both)
        var many = batch(1)
        many.messages = Array(repeating: many.messages[0], count: IMAPBatch.mostMessages)
        #expect(joined(many, batch(1)) == nil)
    }

    /// What is recorded of a folder is of that batch alone.
    @Test func noBatchGrowsOnceItIsPrepared() throws {
        let batch = IMAPBatch(
            account: try EmailAddress("ann@example.com"), folder: ["0", "0"],
            messages: [.init(handle: "0", content: ContentHash(value: 0), octets: 0)])
        #expect(joined(batch, batch) != nil)
        var known = batch
        known.watermark = Watermark(validity: 1, next: 1)
        var prepared = batch
        prepared.preparedAt = Timestamp(milliseconds: 1)
        for other in [known, prepared] {
            #expect(joined(other, other) == nil && joined(batch, other) == nil && joined(other, batch) == nil)
        }
        var broken = batch.staged
        broken.encoded = Array("imap1".utf8)
        #expect(!IMAPBatch.join(broken, to: &broken))
    }

    private func joined(_ batch: IMAPBatch, _ next: IMAPBatch) -> StagedBatch? {
        var all = batch.staged
        return IMAPBatch.join(next.staged, to: &all) ? all : nil
    }

    @Test(arguments: ["", "1", "1 2 3", "x y", "-1 2"]) func whatIsNoNoteIsNone(text: String) {
        #expect(Watermark(text) == nil)
    }

    @Test func aNoteIsReadAgain() {
        let mark = Watermark(validity: .max, next: 3)
        #expect(Watermark(mark.note) == mark)
    }
}
