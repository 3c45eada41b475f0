// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import Vocabulary

@testable import IMAP

/// Which messages are asked for when, and which of them an answer brings.
struct RetrievalTests {
    private static func wanted(_ uids: [UInt32], octets: Int = 1000) -> [Retrieval.Wanted] {
        uids.enumerated().map { place, uid in
            Retrieval.Wanted(ListedMessage(number: place + 1, octets: octets, uniqueID: nil), uid: uid)
        }
    }

    /// Plays a server's part until the end, and says what came of each message, in order.
    private static func run(
        _ retrieval: inout Retrieval, _ server: inout Server
    ) -> (told: [String], commands: [String]) {
        var (told, commands) = ([String](), [String]())
        var asked: [(id: CommandID, uids: UIDSet, items: [Command.FetchItem])] = []
        var count: UInt64 = 0
        while !retrieval.isDone {
            while case .fetch(let uids, let items, _)? = retrieval.nextCommand() {
                count += 1
                commands.append(items.contains(.message) ? "\(uids)" : "\(uids)?")
                retrieval.sent(CommandID(number: count))
                asked.append((CommandID(number: count), uids, items))
            }
            guard !asked.isEmpty, count < 10_000 else { return (told + ["stuck"], commands) }
            let (id, uids, items) = asked.removeFirst()
            for said in server.says(to: uids, items) { hear(said, &retrieval, &told) }
            switch retrieval.completed(id, server.condition(for: uids, items)) {
            case .nothing: break
            case .absent(let message, .gone): told.append("\(message.number) gone")
            case .absent(let message, .refused(let words)):
                told.append("\(message.number) refused: \(String(decoding: words, as: UTF8.self))")
            case .failed(let failure): return (told + ["\(failure.code)"], commands)
            }
        }
        return (told, commands)
    }

    private static func hear(_ said: Said, _ retrieval: inout Retrieval, _ told: inout [String]) {
        var fetched = Fetched(number: 1)
        switch said {
        case .message(let uid, let late):
            fetched.bodies = [FetchedBody(section: "", content: .passedOn(octets: 10))]
            if !late { fetched.uid = uid }
            let message = retrieval.began(fetched)
            fetched.uid = uid
            switch retrieval.heard(fetched) {
            case .received: told.append("\(message?.number ?? 0)")
            case .mistaken, .nothing, .short, .spoilt: break
            }
        case .empty(let uid):
            fetched.bodies = [FetchedBody(section: "", content: .passedOn(octets: 0))]
            fetched.uid = uid
            if retrieval.began(fetched) != nil { told.append("took nothing for a message") }
            _ = retrieval.heard(fetched)
        case .short(let uid):
            fetched.bodies = [FetchedBody(section: "", content: .inline(Array("a: b".utf8)))]
            fetched.uid = uid
            if case .short(let message, _) = retrieval.heard(fetched) { told.append("\(message.number)") }
        case .bare(let uid):
            fetched.uid = uid
            _ = retrieval.heard(fetched)
        }
    }

    private enum Said {
        case message(UInt32, uidComesLate: Bool = false)
        case empty(UInt32)
        case short(UInt32)
        case bare(UInt32)
    }

    /// A server in a few words: what it says about each message, alone or in a set.
    private struct Server {
        var says: (UInt32, _ isAlone: Bool) -> [Said] = { uid, _ in [.message(uid)] }
        var refuses: Set<UInt32> = []
        var words = "not that one"
        var code: ResponseCode?
        var isGone: Set<UInt32> = []

        func says(to uids: UIDSet, _ items: [Command.FetchItem]) -> [Said] {
            let there = uids.uids.filter { !isGone.contains($0) }
            if !items.contains(.message) { return there.map { .bare($0) } }
            if uids.uids.contains(where: refuses.contains) { return [] }
            return there.flatMap { says($0, uids.count == 1) }
        }

        func condition(for uids: UIDSet, _ items: [Command.FetchItem]) -> Condition {
            uids.uids.contains(where: refuses.contains) ? Condition(.no, code: code, text: words) : Condition(.ok)
        }
    }

    private static func told(
        _ uids: [UInt32], pace: Retrieval.Pace = .sets, octets: Int = 1000, _ server: Server = Server()
    ) -> (told: [String], commands: [String]) {
        var (retrieval, server) = (Retrieval(wanted(uids, octets: octets), pace: pace, windowOctets: 4 << 20), server)
        return run(&retrieval, &server)
    }

    // MARK: Asking

    @Test func messagesAreAskedForInSets() {
        let (told, commands) = Self.told(Array(1...200))
        #expect(told == (1...200).map { "\($0)" })
        #expect(commands == ["1:64", "65:128", "129:192", "193:200"])
    }

    @Test func setsGrowWhileTheyComeWhole() {
        #expect(
            Self.told(Array(1...900)).commands == [
                "1:64", "65:128", "129:192", "193:256", "257:384", "385:640", "641:900",
            ])
        // A command stays short, whatever it names.
        let (told, commands) = Self.told((1...2000).map { $0 * 2 })
        #expect(told.count == 2000 && commands.allSatisfy { $0.utf8.count < 920 })
        let (_, gone) = Self.told(Array(1...900), Server(isGone: [300]))
        #expect(gone.contains("300") && gone.contains("301:364"))
    }

    /// One set, and the next when that is there.
    @Test func setsMayBeAskedForInTurn() {
        let (told, commands) = Self.told(Array(1...3000), pace: .setsInTurn)
        #expect(told.count == 3000)
        #expect(commands == ["1:2048", "2049:3000"])
        var retrieval = Retrieval(Self.wanted(Array(1...1000)), pace: .setsInTurn, windowOctets: 4 << 20)
        #expect(retrieval.nextCommand() != nil)
        #expect(retrieval.nextCommand() == nil)
        // Commands are longer, too, so that gaps cost fewer of them.
        let (all, long) = Self.told((1...3000).map { $0 * 2 }, pace: .setsInTurn)
        #expect(all.count == 3000 && long.count < 6 && long.allSatisfy { $0.utf8.count < 8050 })
        // As much as the window has.
        #expect(Self.told(Array(1...20), pace: .setsInTurn, octets: 1 << 20).commands.first == "1:4")
    }

    /// Where its output is held up, Dovecot goes on with the set that it was sent last.
    @Test func aServerThatGoesOnWithALaterSetIsSentOneAtATime() {
        var retrieval = Retrieval(Self.wanted(Array(1...1000)), pace: .sets, windowOctets: 4 << 20)
        var told: [String] = []
        for id: UInt64 in 1...4 {
            #expect(retrieval.nextCommand() != nil)
            retrieval.sent(CommandID(number: id))
        }
        for uid: UInt32 in 1...10 { Self.hear(.message(uid), &retrieval, &told) }
        for uid: UInt32 in 193...256 { Self.hear(.message(uid), &retrieval, &told) }
        for uid: UInt32 in 11...64 { Self.hear(.message(uid), &retrieval, &told) }
        for id: UInt64 in 1...4 { _ = retrieval.completed(CommandID(number: id), Condition(.ok)) }
        #expect(retrieval.pace == .setsInTurn)
        var server = Server()
        let (rest, commands) = Self.run(&retrieval, &server)
        #expect(told + rest == (1...1000).map { "\($0)" })
        #expect(commands == ["11", "12:139", "140:395", "396:907", "908:1000"])
    }

    /// Dovecot says OK to a set only once the sets behind it have been sent, or in another order.
    @Test(arguments: [[1, 2, 3], [3, 1, 2], [2, 3, 1]])
    func answersMayComeAfterTheMessagesOfFurtherSets(order: [UInt64]) {
        var retrieval = Retrieval(Self.wanted(Array(1...150)), pace: .sets, windowOctets: 4 << 20)
        var (told, commands) = ([String](), 0)
        while retrieval.nextCommand() != nil {
            commands += 1
            retrieval.sent(CommandID(number: UInt64(commands)))
        }
        for uid in UInt32(1)...150 { Self.hear(.message(uid), &retrieval, &told) }
        #expect(commands == 3 && told == (1...150).map { "\($0)" })
        for id in order {
            #expect(!retrieval.isDone)
            if case .nothing = retrieval.completed(CommandID(number: id), Condition(.ok)) { continue }
            Issue.record("the answer to set \(id) means something")
        }
        #expect(retrieval.isDone && retrieval.nextCommand() == nil && retrieval.pace == .sets)
    }

    @Test func setsHoldWhatIsWantedAndNothingElse() {
        #expect(Self.told([3, 4, 9, 11, 12, 13]).commands == ["3:4,9,11:13"])
    }

    /// Some servers take no set that descends, and all answer in ascending order.
    @Test func whatDescendsIsAskedForOneByOne() {
        let (told, commands) = Self.told([9, 8, 4, 5, 6, 2])
        #expect(commands == ["9", "8", "4:6", "2"])
        #expect(told == ["1", "2", "3", "4", "5", "6"])
    }

    @Test func noMoreIsAskedForThanTheWindowHolds() {
        var retrieval = Retrieval(Self.wanted(Array(1...100), octets: 300_000), pace: .sets, windowOctets: 4 << 20)
        var ahead = 0
        while case .fetch(let uids, _, _)? = retrieval.nextCommand() { ahead += uids.count * 300_000 }
        #expect((2 << 20...4 << 20).contains(ahead))
        var large = Retrieval(Self.wanted([1, 2], octets: 900 << 20), pace: .sets, windowOctets: 4 << 20)
        guard case .fetch(let uids, _, _)? = large.nextCommand() else {
            Issue.record("one that is larger than the window is asked for all the same")
            return
        }
        #expect(uids == UIDSet([1]) && large.nextCommand() == nil)
    }

    @Test func sizesThatAreLiesDoNotOverflow() {
        let (told, _) = Self.told(Array(1...300), octets: ListedMessage.mostOctets)
        #expect(told.count == 300)
    }

    @Test func commandsStayShort() {
        var retrieval = Retrieval(
            Self.wanted((0..<200).map { 4_000_000_000 + $0 * 2 }), pace: .sets, windowOctets: 4 << 20)
        while let command = retrieval.nextCommand() {
            let parts = CommandEncoder.parts(of: command, tag: "ABCDEFGHIJ1", literals: .ahead, takesFirst: true)
            for case .octets(let octets, _) in parts { #expect(octets.readableBytes <= 1000) }
        }
    }

    @Test func oneByOneIsOneByOne() {
        var retrieval = Retrieval(Self.wanted([1, 2, 3]), pace: .oneByOne, windowOctets: 4 << 20)
        #expect(retrieval.nextCommand() != nil && retrieval.nextCommand() == nil && !retrieval.isAhead)
        #expect(Self.told([1, 2, 3], pace: .oneByOne).commands == ["1", "2", "3"])
        #expect(Self.told([1, 2, 3], pace: .singly).told == ["1", "2", "3"])
    }

    // MARK: What comes

    @Test(arguments: [Retrieval.Pace.sets, .setsInTurn, .singly, .oneByOne])
    func aMessageThatIsMissingIsAskedForAgainAndThenGivenUp(pace: Retrieval.Pace) {
        let (told, commands) = Self.told(
            [1, 2, 3], pace: pace, Server(says: { uid, _ in uid == 2 ? [] : [.message(uid)] }))
        #expect(told == ["1", "2 refused: it says OK and does not send the message", "3"])
        #expect(commands.contains("2?"), "… after it has been asked whether it is there")
    }

    @Test(arguments: [Retrieval.Pace.sets, .setsInTurn, .singly, .oneByOne])
    func aMessageThatIsDeletedMeanwhileIsNotRefused(pace: Retrieval.Pace) {
        #expect(Self.told([1, 2, 3], pace: pace, Server(isGone: [2])).told == ["1", "2 gone", "3"])
        #expect(Self.told([1, 2], pace: pace, Server(isGone: [1, 2])).told == ["1 gone", "2 gone"])
    }

    @Test(arguments: [Retrieval.Pace.sets, .setsInTurn, .singly, .oneByOne])
    func aMessageThatIsRefusedStopsNoOther(pace: Retrieval.Pace) {
        let (told, _) = Self.told([1, 2, 3, 4], pace: pace, Server(refuses: [2, 4]))
        #expect(told == ["1", "2 refused: not that one", "3", "4 refused: not that one"])
    }

    @Test func aServerThatIsBusyIsAskedLater() {
        #expect(Self.told([1, 2], Server(refuses: [2], code: .limit)).told == ["throttled"])
        let slow = Server(refuses: [2], words: "Request throttled. Suggested Backoff Time: 2500 milliseconds")
        #expect(Self.told([1, 2], slow).told == ["throttled"])
    }

    /// Exchange says so of a message that it cannot read, each time.
    @Test func aMessageThatIsUnavailableForEverStopsNoOther() {
        let server = Server(refuses: [2], words: "Server Unavailable. 15")
        #expect(Self.told([1, 2, 3], server).told == ["1", "2 refused: Server Unavailable. 15", "3"])
    }

    @Test func whatAServerLeavesOutOfSetsItGivesAlone() {
        let server = Server(says: { uid, isAlone in isAlone || uid % 3 == 0 ? [.message(uid)] : [] })
        let (told, commands) = Self.told(Array(1...100), server)
        #expect(told == (1...100).map { "\($0)" })
        #expect(commands.filter { $0.contains(":") || $0.contains(",") }.count <= 4, "sets are given up soon")
    }

    @Test func aMessageThatComesTwiceCountsOnce() {
        let twice = Server(says: { uid, _ in [.message(uid), .message(uid)] })
        #expect(Self.told(Array(1...5), twice).told == (1...5).map { "\($0)" })
        let late = Server(says: { uid, isAlone in
            isAlone
                ? [.message(uid, uidComesLate: true)]
                : [.message(uid, uidComesLate: true), .message(uid, uidComesLate: true)]
        })
        #expect(Self.told(Array(1...5), late).told == (1...5).map { "\($0)" })
    }

    @Test func anotherMessageInItsPlaceIsNotTakenForIt() {
        let wrong = Server(says: { uid, _ in [.message(uid == 2 ? 77 : uid, uidComesLate: true)] })
        #expect(
            Self.told([1, 2, 3], wrong).told == ["1", "2 refused: it sends another message in its place", "3"])
        let early = Server(says: { uid, _ in [.message(uid == 2 ? 77 : uid)] })
        #expect(
            Self.told([1, 2, 3], early).told == ["1", "2 refused: it sends another message in its place", "3"])
    }

    @Test func anEmptyTextIsNoMessage() {
        let empty = Server(says: { uid, _ in uid == 2 ? [.empty(uid)] : [.message(uid)] })
        #expect(
            Self.told([1, 2, 3], empty).told == ["1", "2 refused: it says OK and does not send the message", "3"])
        let short = Server(says: { uid, _ in [.short(uid)] })
        #expect(Self.told([1, 2, 3], short).told == ["1", "2", "3"])
    }

    @Test func whatNobodyHasAskedForChangesNothing() {
        let chatty = Server(says: { uid, _ in [.bare(999), .bare(uid), .message(uid), .bare(uid + 1)] })
        #expect(Self.told(Array(1...100), chatty).told == (1...100).map { "\($0)" })
    }

    /// Whatever a server does, every message is settled once and in order, and none that it gives alone is lost.
    @Test func everyMessageIsSettledOnceAndInOrder() {
        for seed in UInt64(1)...300 {
            var random = Random(state: seed &* 0x9E37_79B9_7F4A_7C15)
            let uids = random.uids()
            let moods = Dictionary(uniqueKeysWithValues: uids.map { ($0, random.next(below: 12)) })
            let server = Server(
                says: { uid, isAlone in
                    switch moods[uid] {
                    case 0: isAlone ? [.message(uid)] : []
                    case 1: isAlone ? [.message(uid, uidComesLate: true)] : [.message(uid &+ 1)]
                    case 2: [.message(uid), .message(uid)]
                    case 3: []
                    case 4: [.message(uid, uidComesLate: true)]
                    case 5: isAlone ? [.message(uid)] : [.empty(uid)]
                    default: [.message(uid)]
                    }
                }, refuses: Set(uids.filter { moods[$0] == 6 }), isGone: Set(uids.filter { moods[$0] == 7 }))
            let pace: Retrieval.Pace = [.sets, .setsInTurn, .singly, .oneByOne][random.next(below: 4)]
            let (told, _) = Self.told(uids, pace: pace, server)
            #expect(told.map { Int($0.split(separator: " ")[0]) } == (1...uids.count).map { $0 }, "seed \(seed)")
            for (place, uid) in uids.enumerated() where told.indices.contains(place) {
                let end: String =
                    switch moods[uid] {
                    case 3: " refused: it says OK and does not send the message"
                    case 6: " refused: not that one"
                    case 7: " gone"
                    default: ""
                    }
                #expect(told[place] == "\(place + 1)\(end)", "seed \(seed)")
            }
        }
    }
}

private struct Random {
    var state: UInt64

    mutating func next(below count: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(count))
    }

    mutating func uids() -> [UInt32] {
        var uid: UInt32 = 0
        let uids = (0..<(1 + next(below: 150))).map { _ in
            uid += UInt32(1 + next(below: 3))
            return uid
        }
        return next(below: 2) == 0 ? uids : uids.reversed()
    }
}

/// Line ends become LF, and nothing else changes.
struct LineEndDecoderTests {
    @Test(arguments: [
        ("a\r\nb\r\n", "a\nb\n"), ("a\nb", "a\nb"), ("a\rb\r\n\r\n\r\n", "a\rb\n\n\n"), ("\r\r\n", "\r\n"),
        ("\r", "\r"),
        ("a\r", "a\r"), ("", ""), ("\n\r", "\n\r"), ("a\0b\r\n", "a\0b\n"), ("\r\n\n\r\n", "\n\n\n"),
    ])
    func inPiecesOfAnySize(text: String, decoded: String) {
        for piece in 1...max(1, text.utf8.count) {
            var (decoder, octets) = (LineEndDecoder(), [UInt8]())
            var rest = ByteBuffer(string: text)
            while var slice = rest.readSlice(length: min(piece, rest.readableBytes)), slice.readableBytes > 0 {
                while slice.readableBytes > 0 {
                    octets += [UInt8](unsafeUninitializedCapacity: 4) { room, count in
                        count = decoder.decode(&slice, into: UnsafeMutableRawBufferPointer(room))
                    }
                }
            }
            if decoder.finish() { octets.append(13) }
            #expect(octets == Array(decoded.utf8), "in pieces of \(piece)")
        }
        #expect(LineEndDecoder.decode(ByteBuffer(string: text)) == Array(decoded.utf8))
    }
}
