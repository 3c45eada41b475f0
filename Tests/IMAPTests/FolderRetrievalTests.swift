// SPDX-License-Identifier: Apache-2.0

import Testing
import Vocabulary

@testable import IMAP

/// Folder after folder, ahead of the answers: a message is taken only if its folder is known to be open.
struct FolderRetrievalTests {
    private struct Folder {
        var uids: ClosedRange<UInt32>
        var validity: UInt32 = 7
        /// What the server has now.
        var isRefused = false
        var validityNow: UInt32?
        var gone: Set<UInt32> = []
    }

    private static func retrieval(_ folders: [Folder], pace: Retrieval.Pace = .sets) -> FolderRetrieval {
        var number = 0
        let retrievals = folders.enumerated().map { place, folder in
            Retrieval(
                folder.uids.map { uid in
                    number += 1
                    return .init(ListedMessage(number: number, octets: 1000, uniqueID: nil, folder: place), uid: uid)
                }, pace: pace, windowOctets: 4 << 20)
        }
        return FolderRetrieval(
            retrievals[0],
            then: zip(folders, retrievals).enumerated().dropFirst().map {
                .init(MailboxName("F\($0)"), validity: $1.0.validity, $1.1)
            })
    }

    /// A server that executes commands in their order: what came, by number, and what it was sent before each answer.
    private static func run(
        _ folders: [Folder], pace: Retrieval.Pace = .sets, goesOnAfterRefusal: Bool = false
    ) -> (came: [Int], end: FolderRetrieval.End, mostAhead: Int) {
        var retrieval = retrieval(folders, pace: pace)
        var (came, asked, count, open, mostAhead) = ([Int](), [(CommandID, Command)](), UInt64(0), 0 as Int?, 0)
        while !retrieval.isDone, count < 1000 {
            while let command = retrieval.nextCommand() {
                count += 1
                retrieval.sent(CommandID(number: count))
                asked.append((CommandID(number: count), command))
            }
            mostAhead = max(mostAhead, asked.count)
            guard !asked.isEmpty else { break }
            let (id, command) = asked.removeFirst()
            var condition = Condition(.ok)
            switch command {
            case .examine(let name, _):
                let place = folders.indices.first { MailboxName("F\($0)") == name } ?? 0
                if folders[place].isRefused {
                    condition = Condition(.no)
                    if !goesOnAfterRefusal { open = nil }
                } else {
                    open = place
                    retrieval.heard(
                        Condition(.ok, code: .uidValidity(folders[place].validityNow ?? folders[place].validity)))
                }
            case .fetch(let uids, let items, _):
                guard let open else {
                    condition = Condition(.bad)
                    break
                }
                for uid in uids.uids where folders[open].uids.contains(uid) && !folders[open].gone.contains(uid) {
                    var fetched = Fetched(number: 1)
                    fetched.uid = uid
                    if items.contains(.message) {
                        fetched.bodies = [FetchedBody(section: "", content: .passedOn(octets: 10))]
                    }
                    let message = retrieval.began(fetched)
                    if case .received = retrieval.heard(fetched), let message { came.append(message.number) }
                }
            default: Issue.record("\(command) was not expected")
            }
            _ = retrieval.completed(id, condition)
        }
        return (came, retrieval.end, mostAhead)
    }

    @Test func theNextFoldersAreOpenedAheadAndAllComesInOrder() {
        let folders = (0..<20).map { _ in Folder(uids: 1...30) }
        let (came, end, mostAhead) = Self.run(folders)
        #expect(came == Array(1...600))
        #expect(end.settled == 600 && end.hasMovedOn && !end.isBrokenOff && !end.isStopped)
        #expect((6...FolderRetrieval.mostUnderWay).contains(mostAhead))
    }

    @Test(arguments: [Retrieval.Pace.oneByOne, .singly])
    func aServerThatTakesNoSetsIsSentOneFolderAlone(pace: Retrieval.Pace) {
        let (came, end, _) = Self.run([Folder(uids: 1...5), Folder(uids: 1...5)], pace: pace)
        #expect(came == Array(1...5) && end.settled == 5 && !end.hasMovedOn && !end.isBrokenOff)
    }

    /// RFC 3501 has no folder open then; whatever comes of the folder before is nobody's, even under the same UIDs.
    @Test(arguments: [true, false])
    func whereAFolderDoesNotOpenNothingOfItIsTaken(goesOn: Bool) {
        let folders = [Folder(uids: 1...5), Folder(uids: 1...5, isRefused: true), Folder(uids: 1...5)]
        let (came, end, _) = Self.run(folders, goesOnAfterRefusal: goesOn)
        #expect(came == Array(1...5) && end.settled == 5 && end.isBrokenOff)
    }

    @Test func whereAFolderIsNumberedAnewNothingOfItIsTaken() {
        let (came, end, _) = Self.run([Folder(uids: 1...5), Folder(uids: 1...5, validityNow: 8)])
        #expect(came == Array(1...5) && end.settled == 5 && end.isBrokenOff)
    }

    @Test func whereAMessageIsMissingTheFolderIsGoneThroughAlone() {
        let (came, end, _) = Self.run([Folder(uids: 1...9, gone: [4]), Folder(uids: 1...5)])
        #expect(came == Array(1...3) && end.settled == 3 && end.isBrokenOff)
        // In the last folder, there is nothing ahead that would have to be thrown away.
        let last = Self.run([Folder(uids: 1...5), Folder(uids: 1...9, gone: [4])])
        #expect(last.came == Array(1...8) + Array(10...14) && last.end.settled == 14 && !last.end.isBrokenOff)
    }

    @Test func answersInAnotherOrderProveNothing() {
        var retrieval = Self.retrieval([Folder(uids: 1...2), Folder(uids: 1...2)])
        for id in UInt64(1)...3 {
            #expect(retrieval.nextCommand() != nil)
            retrieval.sent(CommandID(number: id))
        }
        #expect(retrieval.isOnTrial && retrieval.nextCommand() == nil)
        retrieval.heard(Condition(.ok, code: .uidValidity(7)))
        _ = retrieval.completed(CommandID(number: 2), Condition(.ok))
        var fetched = Fetched(number: 1)
        fetched.uid = 1
        fetched.bodies = [FetchedBody(section: "", content: .passedOn(octets: 10))]
        #expect(retrieval.began(fetched) == nil)
        for id in [UInt64(1), 3] { _ = retrieval.completed(CommandID(number: id), Condition(.ok)) }
        #expect(retrieval.isDone && retrieval.end.settled == 0 && retrieval.end.isBrokenOff)
    }

    @Test func whoIsToStopOpensNoFolder() {
        let stopped = Retrieval(
            [.init(ListedMessage(number: 1, octets: 1, uniqueID: nil), uid: 1)], pace: .sets, windowOctets: 1 << 20,
            goesOn: { false })
        var retrieval = FolderRetrieval(stopped, then: [.init(MailboxName("F1"), validity: 7, stopped)])
        #expect(retrieval.nextCommand() == nil && retrieval.isDone && retrieval.end.isStopped)
    }
}
