// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Secrets
import Vocabulary

@testable import MailSession
@testable import POP3

/// Watches over the order of a sink's calls.
private final class OrderlySink: MessageSink {
    nonisolated(unsafe) private(set) var whole = 0  // one thread, as everything here
    nonisolated(unsafe) private var isOpen = false

    func begin(_ message: ListedMessage) {
        hold(!isOpen, "a message begins when the last has ended")
        isOpen = true
    }
    func append(upTo count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Int) {
        hold(isOpen && count > 0, "octets belong to a message")
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { room in
            hold((0...room.count).contains(fill(room)), "no more comes than there is room for")
        }
    }
    func end() {
        hold(isOpen, "what ends has begun")
        isOpen = false
        whole += 1
    }
    func abandon() {
        hold(isOpen, "what is abandoned has begun")
        isOpen = false
    }
    func flush() {}
    var isFull: Bool { false }
    func whenReady(_ resume: @escaping @Sendable () -> Void) { resume() }

    var isIdle: Bool { !isOpen }
}

/// A batch or a retrieval, answered by anything, in pieces of any size.
func fuzzProtocolMachine(_ input: Input) {
    var input = input
    var machine = ProtocolMachine()
    let sink = OrderlySink()
    var (asked, refused) = (0, 0)
    switch input.number(below: 6) {
    case 0:
        var batch = Batch("CAPA", expecting: .lines(.capabilities))
        batch.add("NOOP")
        batch.add("AUTH LOGIN", expecting: .challenge)
        machine.begin(batch)
    case 1:
        machine.begin(Batch("UIDL", expecting: .lines(.init(lines: 20, octets: 200))))
    case let kind:
        let paces: [Retrieval.Pace] = [.oneByOne, .proving(marker: "UIDL"), .pipelined(marker: "UIDL")]
        let messages = (1...(1 + input.number(below: 8))).map { number in
            ListedMessage(
                number: number, octets: kind == 2 ? nil : input.number(below: 64),
                uniqueID: UniqueID(octets: Array("u\(number)".utf8)))
        }
        asked = messages.count
        _ = machine.begin(
            Retrieval(messages, pace: paces[kind % 3], window: .init(messages: 3, octets: 100)))
    }
    let size = input.number(below: 9)
    for piece in input.pieces(of: size) {
        var buffer = ByteBuffer(bytes: piece)
        while buffer.readableBytes > 0 {
            let before = buffer.readableBytes
            var event: ProtocolMachine.Event? = machine.receive(&buffer, into: sink)
            while let current = event {
                event = nil
                switch current {
                case .failed:
                    if machine.isInMessage { sink.abandon() }
                    hold(sink.isIdle, "a failure leaves no message open")
                    return
                case .refused:
                    refused += 1
                    event = machine.goOn()
                case .retrieved(let outcome, _):
                    hold(outcome.retrieved == sink.whole, "what counts as retrieved is whole")
                    hold(outcome.refused.count == refused, "what counts as refused was reported")
                    hold(sink.whole + refused == asked, "each message has its answer")
                    hold(machine.isIdle == false || sink.isIdle, "nothing is open at the end")
                    return
                case .answered(let answers):
                    hold(answers.count <= 3, "no more answers than commands")
                    return
                case .needsInput: hold(buffer.readableBytes < before, "it goes on")
                case .send(let octets): hold(octets.readableBytes > 0, "what is sent is something")
                }
            }
        }
    }
    _ = machine.closed()
    _ = machine.timedOut()
}

/// The same octets come out, however they came in.
func fuzzDecoder(_ input: Input) {
    var input = input
    let lineEnds: [MessageDecoder.LineEnd] = [.crlf, .lf, .any]
    let lineEnd = lineEnds[input.number(below: 3)]
    let size = 1 + input.number(below: 7)
    typealias Decoded = (octets: [UInt8], isWhole: Bool, left: Int, lines: Int)
    func decode(_ pieces: [ArraySlice<UInt8>]) -> Decoded {
        var decoder = MessageDecoder(lineEnd: lineEnd)
        var (output, consumed) = (ByteBuffer(), 0)
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            let isWhole = decoder.decode(&buffer, into: &output)
            consumed += piece.count - buffer.readableBytes
            if isWhole {
                return (Array(output.readableBytesView), true, input.rest.count - consumed, decoder.lineCount)
            }
            hold(buffer.readableBytes == 0, "all is taken until the end")
        }
        return (Array(output.readableBytesView), false, 0, decoder.lineCount)
    }
    func decode(byRoomFor count: Int) -> Decoded {
        var decoder = MessageDecoder(lineEnd: lineEnd)
        var (octets, buffer): ([UInt8], ByteBuffer) = ([], ByteBuffer(bytes: input.rest))
        var room = [UInt8](repeating: 0, count: count + MessageDecoder.mostHeld)
        while buffer.readableBytes > 0 {
            let (written, isWhole) = room.withUnsafeMutableBytes { decoder.decode(&buffer, into: $0) }
            octets += room[..<written]
            if isWhole { return (octets, true, buffer.readableBytes, decoder.lineCount) }
        }
        return (octets, false, 0, decoder.lineCount)
    }
    let atOnce = decode(input.pieces(of: 0))
    let inPieces = decode(input.pieces(of: size))
    hold(atOnce == inPieces, "pieces make no difference")
    hold(atOnce == decode(byRoomFor: size), "room makes no difference")
    hold(atOnce.octets.count <= input.rest.count, "nothing is added")
    hold(atOnce.lines <= atOnce.octets.count, "each line has an end")
    if lineEnd == .any { hold(!atOnce.octets.contains(10) || atOnce.lines > 0, "lines are counted") }
}

private let password = Password("Zq7secret")

/// What a server says, of one kind each time: what it means, and that none shows the password.
func fuzzReplies(_ input: Input) {
    var input = input
    let choice = input.number(below: 256)
    switch choice % 6 {
    case 0: fuzzStatusLine(input)
    case 1: fuzzScrubbing(input)
    case 2: _ = Capabilities(lines: input.lines.map { String(decoding: $0, as: UTF8.self) })
    case 3:
        var hello = ServerHello()
        for piece in input.pieces(of: choice) { hello.receive(ByteBuffer(bytes: piece)) }
        _ = hello.cipherSuite
    case 4:
        let middle = min(choice, input.rest.count)
        fuzzListing(uidl: input.rest[..<middle], list: input.rest[middle...])
    default: fuzzListing(uidl: nil, list: input.rest[...])
    }
}

private func fuzzStatusLine(_ input: Input) {
    guard let line = StatusLine(input.rest) else { return }
    let reply = Reply(line, scrubber: Scrubber(password: password))
    hold(!reply.description.contains("\n"), "a reply is one line")
    hold(reply.text.unicodeScalars.count <= Scrubber.longestText + 1, "a reply is short")
    for stage in [Refusal.Stage.mechanism, .user, .exchange, .proof] { _ = Refusal(line, at: stage) }
    _ = APOP(greeting: line)?.command(user: "ann", password: password)
}

private func fuzzScrubbing(_ input: Input) {
    let text = Scrubber(password: password).text(of: input.rest)
    hold(!text.contains("Zq7secret"), "no password is shown")
    hold(!text.contains("WnE3c2VjcmV0"), "nor in Base64")
}

private func fuzzListing(uidl: ArraySlice<UInt8>?, list: ArraySlice<UInt8>) {
    let (uidl, list) = (uidl.map { ByteBuffer(bytes: $0) }, ByteBuffer(bytes: list))
    guard let merged = try? Listing.merge(uidl: uidl, list: list, expected: 3) else { return }
    hold(zip(merged, merged.dropFirst()).allSatisfy { $0.number < $1.number }, "a listing is in order")
    hold(merged.allSatisfy { $0.number > 0 && ($0.octets ?? 0) >= 0 }, "numbers and sizes are such")
    let largest = merged.map { $0.octets ?? 0 }.max() ?? 0
    let (_, overflow) = largest.multipliedReportingOverflow(by: Listing.mostMessages)
    hold(!overflow, "as many as a mailbox may hold add up")
    hold(merged.map { Int64($0.octets ?? 0) }.saturatedSum() < .max, "and so do these")
}

/// Challenges of any server.
func fuzzSASL(_ input: Input) {
    var input = input
    let mechanisms: [SASLMechanism] = [.scramSHA256, .scramSHA1, .digestMD5, .ntlm]
    let mechanism = mechanisms[input.number(below: mechanisms.count)]
    guard let client = GSASLClient(mechanism, user: "ann", password: password, host: "old.example", service: "pop")
    else { return }
    for challenge in input.lines.prefix(4) {
        if mechanism == .scramSHA256 || mechanism == .scramSHA1 {
            guard (try? SASLClient.checkIterations(Array(challenge))) != nil || challenge.isEmpty else { return }
        }
        if mechanism == .ntlm, !challenge.isEmpty, (try? SASLClient.checkNTLM(Array(challenge))) == nil { return }
        guard case .response(let response, let isLast)? = try? client.step(Array(challenge)) else { return }
        response.withOctets { octets in
            hold(!String(decoding: octets, as: UTF8.self).contains("Zq7secret"), "the password stays hidden")
        }
        if isLast { return }
    }
}
