// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Secrets
import Vocabulary

@testable import IMAP

/// A session in which all kinds of commands are under way, answered by anything, in pieces of any size.
func fuzzIMAP(_ input: Input) {
    var input = input
    let kind = input.number(below: 11)
    let size = input.number(below: 9)
    let atOnce = converse(kind, input.pieces(of: 0))
    let inPieces = converse(kind, input.pieces(of: size))
    hold(atOnce.bodies == inPieces.bodies, "pieces make no difference to messages")
    hold(atOnce.told == inPieces.told, "… nor to anything else")
    for case .response(let response) in atOnce.told { check(response) }
}

private enum Told: Hashable {
    case response(Response)
    case condition(Condition)
    case begun(Fetched)
    case challenge([UInt8])
    case failure(IMAPError.Code)
    case wanted
}

private struct Conversed {
    var told: [Told] = []
    var bodies: [[UInt8]] = []
}

private let limits = {
    var limits = Limits()
    (limits.response, limits.numbers, limits.literals, limits.message, limits.depth, limits.entries) =
        (256, 512, 4, 600, 4, 20)
    return limits
}()

private func converse(_ kind: Int, _ pieces: [ArraySlice<UInt8>]) -> Conversed {
    var machine = ProtocolMachine(isEncrypted: kind % 2 == 0, limits: limits, tagPrefix: "T")
    var conversed = Conversed()
    var isOpen = false
    var answered: Set<CommandID> = []
    let commands: [Command] =
        switch kind {
        case 0, 1: [.capability, .fetch(UIDSet(1...9), [.uid, .message], changedSince: nil), .noop]
        case 2: [.authenticate(mechanism: "PLAIN", first: Password("Zq7secret")), .examine(.inbox, nil)]
        case 3: [.startTLS, .login(user: "ann", Password("Zq7secret"))]
        case 4: [.append(.inbox, [.init(octets: 3), .init(octets: 5)]), .noop]
        case 5: [.login(user: "ann", Password("ß")), .list(.plain, pattern: "*"), .namespace]
        case 6: [.authenticate(mechanism: "CRAM-MD5", first: nil), .logout]
        // What the new platform is told.
        case 8: [.status(.inbox, [.uidNext, .uidValidity]), .create(MailboxName("Müller"), .sent), .subscribe(.inbox)]
        case 9: [.append(.inbox, [.init(flags: [.seen], octets: 7)]), .examine(.inbox, nil), .unselect]
        // A folder is opened before the one before it has been answered for.
        case 10:
            [
                .examine(.inbox, nil), .fetch(UIDSet(1...9), [.uid, .message], changedSince: nil),
                .examine(MailboxName("Müller"), nil), .fetch(.from(1), [.uid, .message], changedSince: nil),
            ]
        default: [.search(.all, extended: true), .fetch(.from(1), [.flags, .header], changedSince: 7), .logout]
        }
    for command in commands {
        hold((try? machine.begin(command, isAhead: kind == 10)) != nil, "what can be sent is begun")
    }
    func send() {
        while let output = machine.nextOutput() {
            if case .octets(let octets, _) = output { hold(octets.readableBytes > 0, "what is sent is something") }
        }
    }
    for piece in pieces {
        var buffer = ByteBuffer(bytes: piece)
        taking: while true {
            let event = machine.receive(&buffer)
            switch event {
            case .needsInput:
                hold(buffer.readableBytes == 0, "all is taken")
                break taking
            case .failed(let error):
                conversed.told.append(.failure(error.code))
                hold(machine.nextOutput() == nil, "nothing is sent after a failure")
                hold(machine.closed() == error, "a failure stays")
                return conversed
            case .bodyBegan(let fetched):
                hold(!isOpen, "a message begins when the last has ended")
                isOpen = true
                conversed.bodies.append([])
                conversed.told.append(.begun(fetched))
            case .body(let slice):
                hold(isOpen && slice.readableBytes > 0, "octets belong to a message")
                conversed.bodies[conversed.bodies.count - 1] += slice.readableBytesView
                hold(conversed.bodies[conversed.bodies.count - 1].count <= limits.message, "a message has an end")
            case .bodyEnded:
                hold(isOpen, "what ends has begun")
                isOpen = false
            case .challenge(let id, let octets):
                conversed.told.append(.challenge(octets))
                hold(!answered.contains(id), "nothing is asked of what is over")
                machine.answerChallenge(Password("x"))
            case .completed(let id, let condition):
                hold(!isOpen && answered.insert(id).inserted, "each command is answered once")
                hold(condition.kind != .bye && condition.kind != .preauthenticated, "by OK, NO or BAD")
                conversed.told.append(.condition(condition))
            case .tlsIsDue(let id):
                hold(answered.insert(id).inserted, "TLS begins once")
                // What is behind it is seen at once, or with the next piece.
                hold(buffer.readableBytes == 0, "nothing is behind it")
                hold(machine.nextOutput() == nil, "nothing is sent before the handshake")
            case .response(let response):
                conversed.told.append(.response(response))
            case .greeted(let condition): conversed.told.append(.condition(condition))
            case .wanted: conversed.told.append(.wanted)
            }
            send()
        }
    }
    hold(answered.count + machine.pending == commands.count, "what is not answered is pending")
    _ = machine.closed()
    hold(machine.nextOutput() == nil, "nothing is sent after the end")
    return conversed
}

private func check(_ response: Response) {
    switch response {
    case .listed(let listed):
        hold(listed.attributes.count <= limits.entries, "a list is short")
        let plan = FolderPlan([listed, ListedMailbox(.inbox)])
        for folder in plan.folders where folder.fate == .moves {
            hold(
                !folder.target.isEmpty && folder.target.allSatisfy { !$0.isEmpty && !$0.contains("/") },
                "a folder that moves has a place")
        }
    case .fetched(let fetched):
        hold(fetched.uid != 0, "no UID is 0")
        hold(fetched.date.map { $0.milliseconds > 0 } ?? true, "a date is sane")
    case .found(let found): hold(found.uids.first ?? 1 > 0, "no UID is 0")
    case .condition(let condition):
        _ = LoginVerdict.ofLogin(condition)
        _ = LoginVerdict.ofInbox(condition)
    default: break
    }
}

/// Values that are read by themselves.
func fuzzIMAPValues(_ input: Input) {
    var input = input
    let kind = input.number(below: 4)
    switch kind {
    case 0:
        let name = MailboxName(octets: input.rest)
        let text = name.description
        hold(ModifiedUTF7.decode(ModifiedUTF7.encode(text)) == text, "a name reads as it is written")
        for delimiter in [UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: ",")] { _ = name.levels(delimiter) }
    case 1:
        guard let date = InternalDate.timestamp(of: input.rest) else { return }
        hold(
            InternalDate.timestamp(of: Array(InternalDate.text(of: date).utf8)) == date, "a date reads as it is written"
        )
    case 2:
        guard let uids = UIDSet(text: input.rest) else { return }
        hold(zip(uids.ranges, uids.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound }, "a set ascends")
        let pieces = uids.pieces(octets: 40, uids: 1 << 28)
        hold(pieces.allSatisfy { $0.description.utf8.count <= 40 }, "a piece is short")
        hold(pieces.reduce(0) { $0 + $1.count } == uids.count, "nothing is lost")
        hold(UIDSet(ranges: pieces.flatMap(\.ranges)) == uids, "nor added")
        if uids.last != .max {
            hold(uids.isEmpty || UIDSet(text: Array(uids.description.utf8)) == uids, "it is the same")
        }
    default:
        let halves = input.text.split(separator: "\n", maxSplits: 1)
        guard halves.count == 2 else { return }
        let (pattern, path) = (FolderPattern(String(halves[0])), String(halves[1]))
        if let wildcards = pattern.wildcards(in: path) {
            hold(
                wildcards.count == halves[0].utf8.filter { $0 == UInt8(ascii: "*") }.count,
                "each star stands for something")
        }
        if let octets = Base64.decode(input.rest) {
            var again = ByteBuffer()
            octets.withUnsafeBytes { Base64.encode($0, into: &again) }
            hold(again.readableBytes == input.rest.count, "Base64 is as long as it is written")
            hold(Base64.decode(again.readableBytesView) == octets, "Base64 reads as it is written")
        }
    }
}
