// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Vocabulary

/// The same lines come out, however their octets came in; and what is read as JSON reads the same when written again.
func fuzzJSON(_ input: Input) {
    var input = input
    let limit = 1 + 16 * input.number(below: 256)
    let size = 1 + input.number(below: 7)
    func lines(_ pieces: [ArraySlice<UInt8>]) -> [[UInt8]?] {
        var framing = LineFraming(limit: limit)
        var lines: [[UInt8]?] = []
        func take() {
            while let event = framing.next() {
                switch event {
                case .line(let line): lines.append(line.withUnsafeBytes { Array($0) })
                case .overlong: lines.append(nil)
                }
            }
        }
        for piece in pieces {
            piece.withUnsafeBytes { framing.append($0) }
            take()
        }
        framing.finish()
        take()
        hold(framing.heldOctets == 0, "nothing is left over")
        return lines
    }
    let all = lines(input.pieces(of: 0))
    hold(all == lines(input.pieces(of: size)), "pieces make no difference")
    for case let line? in all {
        hold(line.count <= limit, "a line is within its limit")
        guard let document = try? JSONDocument(line) else { continue }
        let value = JSONValue(document.root)
        guard let again = try? JSONText.encode(value) else {
            hold(false, "what was read can be written")
            continue
        }
        guard let reread = try? JSONDocument(again) else {
            hold(false, "what was written can be read")
            continue
        }
        hold(JSONValue(reread.root) == value, "it is the same")
    }
}

/// A line as a server gets it, up to the method's own parameters.
func fuzzRPC(_ input: Input) {
    let octets = input.rest.withUnsafeBytes { WipedOctets(copying: $0) }
    switch RPCMessage(line: octets, batchLimit: 50) {
    case .single(let member): call(member)
    case .batch(let members):
        hold((1...50).contains(members.count), "a batch is neither empty nor endless")
        members.forEach(call)
    }
    _ = try? RPCIncoming.read(line: input.rest.withUnsafeBytes { WipedOctets(copying: $0) })
}

private func call(_ member: RPCMessage.Member) {
    guard case .request(let request) = member else { return }
    if let method = Contract.method(named: request.method) {
        decode(method, request.params)
    } else {
        // As every method has them: a name is seldom guessed.
        for method in Contract.methods { decode(method, request.params) }
    }
}

private func decode(_ method: some Method, _ params: JSONView?) {
    guard let parameters = try? method.parameters(from: params) else { return }
    guard let octets = try? JSONText.encode(parameters), let document = try? JSONDocument(octets) else {
        hold(false, "parameters that were taken can be sent")
        return
    }
    hold((try? method.parameters(from: document.root)) != nil, "… and taken again")
}

/// What is an address stays the same one.
func fuzzAddresses(_ input: Input) {
    let text = input.text
    if let address = try? EmailAddress(text) {
        hold((try? EmailAddress(address.description)) == address, "an address reads as it is written")
        hold((try? EmailAddress(address.asGiven))?.givenLocalPart == address.givenLocalPart, "… and as it was given")
        let name = address.localPart
        hold(!name.contains("/") && !name.hasPrefix(".") && !name.isEmpty && name.utf8.count <= 64, "it is a name")
        hold(name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }, "without control characters")
        hold(!address.domain.name.contains("/") && !address.domain.name.hasPrefix("."), "so is its domain")
    }
    if let domain = try? DomainName(text) {
        hold((try? DomainName(domain.name)) == domain, "a domain reads as it is written")
        hold(domain.name.utf8.count <= 253, "a domain has a length")
        hold(domain.name.utf8.allSatisfy { $0 < 128 && $0 > 32 && $0 != UInt8(ascii: "/") }, "it is in A-form")
    }
    if let address = ClientAddress(text) { hold(ClientAddress(address.description) == address, "so does a client") }
    if let time = Timestamp(text) { hold(Timestamp(time.description) == time, "so does a time") }
}
