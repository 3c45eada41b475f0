// SPDX-License-Identifier: Apache-2.0

import MailStore
import Support
import Synchronization
import Testing
import Vocabulary

@testable import IMAPStore

/// Mail goes to a real Dovecot over a line that breaks: each message arrives once, as it was sent.
@Suite(.timeLimit(.minutes(5))) struct AppendingTests {
    private let many = (0..<40).map { Scene.message($0) }
    /// Three of them are equal.
    private var equal: [[UInt8]] { many + [Scene.message(777), Scene.message(777), Scene.message(777)] }

    @Test(arguments: MailPlatform.Storage.allCases)
    func mailArrivesAsItWasSent(storage: MailPlatform.Storage) async throws {
        try await Scene.playing(storage: storage) { scene in
            let odd: [[UInt8]] = [
                Array("Subject: no body\n\n".utf8), Array("\nonly a body\n".utf8),
                Array("Subject: {7}\n\n{3}\n{99+}\n) x OK\n".utf8), Array("Subject: eight\n\n".utf8) + (128...255),
                Array("no line end".utf8), Scene.message(1, octets: 5_000_000),
            ]
            let (writer, batch) = try await scene.stage(
                many + odd, flags: [.seen, .flagged], keywords: ["kw1", "not an atom"],
                date: Timestamp(milliseconds: 1_704_103_200_000))
            #expect(try await scene.store.publish(batch).outcomes == (many + odd).map { _ in .visible })
            await writer.leave()
            let there = try scene.platform.messages(of: "ann@example.com")
            #expect(there.map { $0.octets.filter { $0 != 13 } } == many + odd)
            #expect(there.allSatisfy { $0.flags == ["\\Seen", "\\Flagged", "kw1"] })
            #expect(there.allSatisfy { $0.date.hasPrefix("01-Jan-2024") || $0.date.hasPrefix("1-Jan-2024") })
            // Many at once, the large one alone.
            #expect(scene.platform.line.asked("APPEND").count < 6)
        }
    }

    @Test func aFolderIsMadeAndSubscribedWhenMailComesForIt() async throws {
        try await Scene.playing { scene in
            try await scene.deliver(many, folder: ["Projekte", "Müller"])
            try scene.expectOnce(many, in: "Projekte/M&APw-ller")
            let reader = try scene.platform.reader(of: "ann@example.com")
            let subscribed = try reader.tell("LSUB \"\" \"*\"").map(\.line)
            reader.leave()
            #expect(subscribed.contains { $0.contains("M&APw-ller") })
        }
    }

    @Test(arguments: [
        ["MULTIAPPEND"], ["LITERAL+"], ["UIDPLUS"], ["MULTIAPPEND", "LITERAL+", "UIDPLUS"], ["LITERAL+", "LITERAL-"],
    ])
    func whatThePlatformDoesNotOfferIsNotUsed(hidden: [String]) async throws {
        try await Scene.playing { scene in
            scene.platform.line.hide(Set(hidden))
            try await scene.deliver(many)
            try await scene.deliver([Scene.message(99, octets: 400_000)])
            try scene.expectOnce(many + [Scene.message(99, octets: 400_000)])
            let asked = scene.platform.line.asked("APPEND")
            if hidden.contains("MULTIAPPEND") { #expect(asked.allSatisfy { $0.literals.count == 1 }) }
            if hidden.contains("LITERAL+") { #expect(asked.allSatisfy { !$0.text.contains("+}") }) }
        }
    }

    /// Dovecot gives CR CR LF back as CR LF, and NUL as 0x80: such a message is known again all the same.
    @Test func aMessageThatThePlatformChangesIsKnownAgain() async throws {
        try await Scene.playing { scene in
            let odd: [[UInt8]] = [
                Array("Subject: a\n\nx\r\ny\r\r\nz\rw\n".utf8), Array("Subject: b\n\n\u{0}\u{0}x\n".utf8),
                Array("Subject: c\n\nlast\r".utf8), Array("Subject: d\r\n\n\n\n".utf8),
            ]
            let isFirst = Mutex(true)
            scene.platform.line.at { at, asked in
                asked.verb == "APPEND" && at == .answered && isFirst.withLock({ $0.take() }) ? .cut : .goOn
            }
            try await scene.deliver(odd)
            #expect(try scene.seen().count == odd.count)
        }
    }

    // MARK: Doubt

    private static let cuts: [(CuttingLine.Stage, CuttingLine.Action)] = [
        (.begun, .cut), (.begun, .half(0)), (.begun, .half(5)), (.whole, .cut), (.answered, .cut),
        (.answered, .cutAfter),
        (.answered, .say("NO it is there all the same")), (.whole, .say("NO it is not there")),
        (.whole, .say("BAD nor now")), (.answered, .wait(3)), (.whole, .wait(3)),
    ]

    @Test(arguments: cuts.indices, [[], ["UIDPLUS"], ["MULTIAPPEND"]])
    func nothingIsLostAndNothingDoubledWhereTheLineBreaks(cut: Int, hidden: [String]) async throws {
        let (stage, action) = Self.cuts[cut]
        // A message that is alone is refused by that.
        if case (.whole, .say) = (stage, action), hidden.contains("MULTIAPPEND") { return }
        try await Scene.playing { scene in
            scene.platform.line.hide(Set(hidden))
            let times = Mutex(0)
            scene.platform.line.at { at, asked in
                guard asked.verb == "APPEND", at == stage else { return .goOn }
                return times.withLock { times in
                    times += 1
                    return times % 2 == 1 && times < 4 ? action : .goOn
                }
            }
            for start in stride(from: 0, to: equal.count, by: 15) {
                try await scene.deliver(Array(equal[start..<min(start + 15, equal.count)]))
            }
            try scene.expectOnce(equal)
        }
    }

    /// What its user moves away before it could be looked for may come again, and that is told before; where it cannot be
    /// recorded, it does not come again.
    @Test(arguments: [true, false])
    func whatItsUserMovesAwayMeanwhileMayComeAgainAndIsTold(isRecorded: Bool) async throws {
        try await Scene.playing { scene in
            let isFirst = Mutex(true)
            let platform = scene.platform
            platform.line.at { at, asked in
                guard asked.verb == "APPEND", at == .answered, isFirst.withLock({ $0.take() }) else { return .goOn }
                if let reader = try? platform.reader(of: "ann@example.com") {
                    _ = try? reader.tell("CREATE Kept")
                    _ = try? reader.tell("SELECT INBOX")
                    _ = try? reader.tell("MOVE 1:2 Kept")
                    reader.leave()
                }
                return .cut
            }
            let told = Mutex<[Int]>([])
            let publisher = Publisher(mayDouble: { account, count in
                #expect(account == scene.ann && platform.line.asked("APPEND").count == 1)
                told.withLock { $0.append(count) }
                return isRecorded
            })
            if isRecorded {
                try await scene.deliver(many, for: publisher)
                try scene.expectOnce(many)
            } else {
                await #expect(throws: MailStoreError.self) { try await scene.deliver(many, for: publisher) }
                try scene.expectOnce(Array(many[2...]))
            }
            #expect(told.withLock { $0 } == [2])
        }
    }

    @Test func aRefusedMessageIsNamedAndHoldsUpNoOther() async throws {
        try await Scene.playing { scene in
            scene.platform.line.at { at, asked in
                guard asked.verb == "APPEND", at == .whole else { return .goOn }
                let isBad = asked.literals.contains {
                    String(decoding: $0, as: UTF8.self).contains("Subject: test 17\r")
                }
                return isBad ? .say("NO Message contains bare newlines") : .goOn
            }
            let outcomes = try await scene.deliver(many).outcomes
            #expect(outcomes.enumerated().filter { $0.element != .visible }.map(\.offset) == [17])
            guard case .refused(let words) = outcomes[17] else { return }
            #expect(words.contains("bare newlines"))
            try scene.expectOnce(many.enumerated().filter { $0.offset != 17 }.map(\.element))
        }
    }

    @Test func keywordsThatThePlatformRefusesAreLeftOut() async throws {
        try await Scene.playing { scene in
            scene.platform.line.at { at, asked in
                at == .whole && asked.verb == "APPEND" && asked.text.contains("kw1")
                    ? .say("NO [LIMIT] Message size is not it, but the keyword") : .goOn
            }
            let (writer, batch) = try await scene.stage(Array(many[..<3]), flags: .seen, keywords: ["kw1"])
            #expect(try await scene.store.publish(batch).outcomes == [.visible, .visible, .visible])
            await writer.leave()
            #expect(try scene.platform.messages(of: "ann@example.com").allSatisfy { $0.flags == ["\\Seen"] })
        }
    }

    /// Neither a keyword that Dovecot does not hold nor a refusal that passes costs others theirs.
    @Test(arguments: [true, false]) func oneRefusalCostsNoOtherItsKeywords(isByKeyword: Bool) async throws {
        try await Scene.playing { scene in
            let times = Mutex(0)
            let long = String(repeating: "k", count: 60)
            scene.platform.line.at { at, asked in
                guard at == .whole, asked.verb == "APPEND", !isByKeyword else { return .goOn }
                return times.withLock {
                    $0 += 1; return $0
                } <= 5 ? .say("NO Could not append message") : .goOn
            }
            let (writer, batch) = try await scene.stage(Array(many[..<20]), keywords: ["kw1"]) { staged in
                if isByKeyword { staged[4].keywords = [long, "kw1"] }
            }
            #expect(try await scene.store.publish(batch).outcomes.allSatisfy { $0 == .visible })
            await writer.leave()
            let there = try scene.platform.messages(of: "ann@example.com")
            #expect(there.count == 20 && there.allSatisfy { $0.flags == ["kw1"] })
        }
    }

    /// As servers do that are sent more than they take, without a word.
    @Test(arguments: [[], ["MULTIAPPEND"]])
    func aMessageAtWhichThePlatformHangsUpIsNamedAndHoldsUpNoOther(hidden: Set<String>) async throws {
        try await Scene.playing { scene in
            scene.platform.line.hide(hidden)
            scene.platform.line.at { at, asked in
                guard asked.verb == "APPEND", at == .whole else { return .goOn }
                let isBad = asked.literals.contains {
                    String(decoding: $0, as: UTF8.self).contains("Subject: test 7\r")
                }
                return isBad ? .cut : .goOn
            }
            let outcomes = try await scene.deliver(Array(many[..<20])).outcomes
            #expect(outcomes.enumerated().filter { $0.element != .visible }.map(\.offset) == [7])
            guard case .refused(let words) = outcomes[7] else { return }
            #expect(words.contains("closes the connection"))
            try scene.expectOnce(many[..<20].enumerated().filter { $0.offset != 7 }.map(\.element))
        }
    }

    /// That is not about messages: nothing is called refused.
    @Test func aPlatformThatHangsUpAtEveryMessageIsAway() async throws {
        try await Scene.playing { scene in
            scene.platform.line.at { at, asked in asked.verb == "APPEND" && at == .whole ? .cut : .goOn }
            let error = await #expect(throws: MailStoreError.self) { try await scene.deliver(Array(many[..<20])) }
            #expect(error?.code == .unresponsive)
        }
    }

    /// So many folders and no more: that says nothing of the others' mail.
    @Test func aLimitOfFoldersIsOneFoldersMatter() async throws {
        try await Scene.playing { scene in
            scene.platform.line.at { at, asked in
                at == .whole && asked.verb == "CREATE" && asked.text.contains("Second")
                    ? .say("NO [LIMIT] Too many mailboxes") : .goOn
            }
            let refused = try await scene.store.make(
                ["First", "Second"].map { NewFolder([$0], isSubscribed: false) }, of: scene.ann,
                expecting: [:])
            #expect(Array(refused.keys) == [["Second"]])
            try await scene.deliver(Array(many[..<3]))
            try scene.expectOnce(Array(many[..<3]))
        }
    }

    @Test func aMailboxThatIsFullIsWaitedFor() async throws {
        // Dovecot's own quota.
        let quota = """
            mail_plugins = $mail_plugins quota
            plugin {
              quota = count:User quota
              quota_vsizes = yes
              quota_rule = *:storage=20K
            }
            """
        try await Scene.playing(configuration: quota) { scene in
            let error = await #expect(throws: MailStoreError.self) { try await scene.deliver(many + many) }
            #expect(error?.code == .full)
            #expect(scene.platform.line.asked("APPEND").count < 5)
            // Nothing follows what is not settled.
            let before = scene.platform.line.asked("APPEND").count
            let (writer, _) = try await scene.stage([many[0]])
            await writer.leave()
            #expect(scene.platform.line.asked("APPEND").count == before)
        }
    }

    @Test func aPlatformThatAsksToWaitIsWaitedFor() async throws {
        try await Scene.playing { scene in
            let times = Mutex(0)
            scene.platform.line.at { at, asked in
                guard asked.verb == "APPEND", at == .whole else { return .goOn }
                let time = times.withLock { times in
                    times += 1
                    return times
                }
                return time < 3 ? .say("NO [UNAVAILABLE] Try again later") : .goOn
            }
            try await scene.deliver(many)
            try scene.expectOnce(many)
            #expect(scene.platform.line.asked("APPEND").count == 3)
        }
    }

    /// Another node may deliver there by then, and knows nothing of what is on its way.
    @Test(arguments: [40, 1], [1, 2, 3]) func whatIsNotOursAnyMoreIsNotMadeWhole(count: Int, asked: Int) async throws {
        try await Scene.playing { scene in
            let messages = (0..<count).map { Scene.message($0, octets: count == 1 ? 700_000 : 300) }
            let (writer, batch) = try await scene.stage(messages)
            let left = Mutex(asked)
            await #expect(throws: MailStoreError.self) {
                let publisher = Publisher(isOurs: {
                    left.withLock {
                        $0 -= 1; return $0 >= 0
                    }
                })
                try await scene.store.publish(batch, for: publisher)
            }
            await writer.leave()
            try scene.expectOnce([])
            #expect(left.withLock { $0 } < 0)
        }
    }

    /// What was not settled is found out before anything follows.
    @Test func nothingFollowsABatchThatIsNotSettled() async throws {
        try await Scene.playing { scene in
            let (writer, batch) = try await scene.stage(many)
            scene.platform.line.at { at, asked in asked.verb == "APPEND" && at == .answered ? .cut : .goOn }
            scene.platform.dovecot.stop()
            await #expect(throws: MailStoreError.self) { try await scene.store.publish(batch) }
            let after = writer.batch(of: [])
            await #expect(throws: MailStoreError.self) { try await scene.store.prepare(after) }
            await writer.leave()
            await #expect(throws: MailStoreError.self) {
                _ = try await scene.store.open(scene.ann, options: DeliveryOptions(), intended: [batch], expecting: [:])
            }
        }
    }
}

extension Bool {
    /// Its value, which is false from then on.
    fileprivate mutating func take() -> Bool {
        defer { self = false }
        return self
    }
}
