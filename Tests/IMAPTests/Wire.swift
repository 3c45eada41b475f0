// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import IMAP

/// A machine whose tags begin with `T`, fed in pieces, and what has come of it.
struct Wire {
    var machine: ProtocolMachine
    private(set) var sent: [UInt8] = []
    private(set) var events: [ProtocolMachine.Event] = []
    /// The text of messages, one body each.
    private(set) var bodies: [[UInt8]] = []
    private var hasFailed = false
    let piece: Int

    init(isEncrypted: Bool = false, limits: Limits = Limits(), piece: Int = .max) {
        machine = ProtocolMachine(isEncrypted: isEncrypted, limits: limits, tagPrefix: "T")
        self.piece = piece
    }

    /// One that is greeted.
    static func greeted(isEncrypted: Bool = false, limits: Limits = Limits(), piece: Int = .max) -> Wire {
        var wire = Wire(isEncrypted: isEncrypted, limits: limits, piece: piece)
        wire.hear("* OK ready\r\n")
        wire.events = []
        return wire
    }

    var sentText: String { String(decoding: sent, as: UTF8.self) }

    /// What was sent since this was last asked.
    mutating func takeSent() -> String {
        defer { sent = [] }
        return sentText
    }

    mutating func takeEvents() -> [ProtocolMachine.Event] {
        defer { events = [] }
        return events
    }

    mutating func begin(_ command: Command) throws -> CommandID {
        let id = try machine.begin(command)
        send()
        return id
    }

    /// Messages are as many `x` as they have octets.
    mutating func send() {
        while let output = machine.nextOutput() {
            switch output {
            case .octets(let octets, _): sent += octets.readableBytesView
            case .message(_, _, let count): sent += [UInt8](repeating: UInt8(ascii: "x"), count: count)
            }
        }
    }

    mutating func hear(_ text: String) { hear(Array(text.utf8)) }

    /// All that comes in one piece is there at once.
    mutating func hear(_ octets: [UInt8]) {
        var rest = octets[...]
        while !rest.isEmpty {
            var input = ByteBuffer(bytes: rest.prefix(piece))
            rest = rest.dropFirst(piece)
            feed(&input)
        }
    }

    private mutating func feed(_ input: inout ByteBuffer) {
        while true {
            let event = machine.receive(&input)
            switch event {
            case .needsInput: return
            case .bodyBegan: bodies.append([])
            case .body(let slice):
                bodies[bodies.count - 1] += slice.readableBytesView
                continue
            case .failed:
                if !hasFailed { events.append(event) }
                hasFailed = true
                return
            case .greeted, .response, .bodyEnded, .challenge, .wanted, .completed, .tlsIsDue: break
            }
            events.append(event)
            send()
        }
    }
}

extension ProtocolMachine.Event {
    var response: Response? { if case .response(let response) = self { response } else { nil } }
    var failure: IMAPError? { if case .failed(let error) = self { error } else { nil } }
    var completion: Condition? { if case .completed(_, let condition) = self { condition } else { nil } }
}

/// The one response that these octets are.
func response(_ text: String, limits: Limits = Limits()) throws -> Response {
    try response(Array(text.utf8), limits: limits)
}

func response(_ octets: [UInt8], limits: Limits = Limits()) throws -> Response {
    var framing = Framing(limits: limits)
    var input = ByteBuffer(bytes: octets + [13, 10])
    while true {
        switch framing.next(&input) {
        case .response(let frame): return try Response(frame, limits)
        case .failed(let error): throw error
        case .bodyBegins, .body, .bodyEnds: continue
        case .needsInput: throw IMAPError(.protocolViolation, "has not ended")
        }
    }
}
