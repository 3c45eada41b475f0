// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// A response as received: its lines without their ends, concatenated, and the positions of its literals.
struct Frame: Hashable, Sendable {
    struct Literal: Hashable, Sendable {
        /// From its `{` to the end of its octets or, where these were passed on, of its `}`.
        var range: Range<Int>
        /// Where its octets are; nil where they were passed on.
        var octets: Range<Int>?
        var count: Int
    }

    var octets: [UInt8] = []
    var literals: [Literal] = []
}

/// Splits a stream of octets into responses (RFC 3501 §2.2, §4.3).
///
/// A line that ends in `{n}` announces a literal, except in a status response (`OK`, `NO`, `BAD`, `BYE`, `PREAUTH`) or
/// a continuation request: those end in text for people, which may end in anything. A literal after `BODY[…]` or
/// `RFC822…` in a `FETCH` is the text of a message; its octets are passed on as slices of the input.
struct Framing {
    enum Piece {
        case needsInput
        case bodyBegins(Frame, octets: Int)
        case body(ByteBuffer)
        case bodyEnds
        case response(Frame)
        case failed(IMAPError)
    }

    private enum Reading: Hashable {
        case line
        case literal(left: Int)
        case body(left: Int)
    }

    let limits: Limits
    private var frame = Frame()
    /// Where the line that is coming begins in the frame.
    private var lineStart = 0
    private var reading = Reading.line

    init(limits: Limits) { self.limits = limits }

    /// Whether a response has begun and not ended.
    var isWithinResponse: Bool { !frame.octets.isEmpty || reading != .line }

    /// Whether the text of a message is coming.
    var isWithinBody: Bool { if case .body = reading { true } else { false } }

    /// The next piece of `input`. After any but `needsInput` there may be more.
    mutating func next(_ input: inout ByteBuffer) -> Piece {
        while true {
            switch reading {
            case .line:
                guard takeLine(&input) else {
                    // The CR may be half of a line's end, which does not count.
                    let isEnding = frame.octets.last == UInt8(ascii: "\r")
                    return isTooLong(frame.octets.count - (isEnding ? 1 : 0)) ? tooLong : .needsInput
                }
                if isTooLong(frame.octets.count) { return tooLong }
                guard let announced else { return .response(takeFrame()) }
                if let failure = check(announced) { return .failed(failure) }
                if announced.isBody {
                    frame.literals.append(
                        .init(range: announced.start..<frame.octets.count, octets: nil, count: announced.count))
                    reading = .body(left: announced.count)
                    return .bodyBegins(frame, octets: announced.count)
                }
                let start = frame.octets.count
                let octets = start..<start + announced.count
                frame.literals.append(
                    .init(range: announced.start..<octets.upperBound, octets: octets, count: announced.count))
                frame.octets.reserveCapacity(octets.upperBound)
                reading = .literal(left: announced.count)
            case .literal(let left):
                let count = min(left, input.readableBytes)
                frame.octets += input.readSlice(length: count)?.readableBytesView ?? ByteBufferView()
                reading = .literal(left: left - count)
                guard left == count else { return .needsInput }
                continueLine()
            case .body(0):
                continueLine()
                return .bodyEnds
            case .body(let left):
                guard input.readableBytes > 0, let slice = input.readSlice(length: min(left, input.readableBytes))
                else { return .needsInput }
                reading = .body(left: left - slice.readableBytes)
                return .body(slice)
            }
        }
    }

    private mutating func continueLine() {
        reading = .line
        lineStart = frame.octets.count
    }

    private mutating func takeFrame() -> Frame {
        defer { (frame, lineStart) = (Frame(), 0) }
        return frame
    }

    /// Takes octets up to the end of a line, which is CRLF or, from old servers, LF alone. True when it has come.
    private mutating func takeLine(_ input: inout ByteBuffer) -> Bool {
        // Not more at once than shows that it is too long, even if the last is a CR.
        let most = min(input.readableBytes, limits.numbers + 2)
        let length = input.withUnsafeReadableBytes { octets -> Int? in
            guard let base = octets.baseAddress, let found = memchr(base, CInt(UInt8(ascii: "\n")), most)
            else { return nil }
            return base.distance(to: UnsafeRawPointer(found))
        }
        frame.octets += input.readSlice(length: length ?? most)?.readableBytesView ?? ByteBufferView()
        guard length != nil else { return false }
        input.moveReaderIndex(forwardBy: 1)
        if frame.octets.count > lineStart, frame.octets.last == UInt8(ascii: "\r") { frame.octets.removeLast() }
        return true
    }

    // MARK: - Limits

    private func isTooLong(_ count: Int) -> Bool {
        count > limits.response
            && (count > limits.numbers || !FrameHead(frame.octets).listsNumbers)
    }

    private var tooLong: Piece {
        .failed(IMAPError(.tooLong, "sends a line of over \(frame.octets.count) octets", quoting: frame.octets))
    }

    private func check(_ announced: Announced) -> IMAPError? {
        guard frame.literals.count < limits.literals else {
            return IMAPError(.tooLong, "sends over \(limits.literals) literals in a response", quoting: frame.octets)
        }
        let longest = announced.isBody ? limits.message : limits.response - frame.octets.count
        guard announced.count <= longest else {
            return IMAPError(.tooLong, "announces a literal of \(announced.count) octets", quoting: frame.octets)
        }
        return nil
    }

    // MARK: - Literals

    private struct Announced {
        var start: Int
        var count: Int
        var isBody: Bool
    }

    /// What the line ends in: `{n}`, `{n+}` or `~{n}` (RFC 7888, RFC 3516 §4.4).
    private var announced: Announced? {
        let line = frame.octets[lineStart...]
        guard line.last == UInt8(ascii: "}") else { return nil }
        var end = line.endIndex - 1
        if end > lineStart, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(line[end - 1]) { end -= 1 }
        let digits = line[..<end].suffix(while: \.isASCIIDigit)
        guard !digits.isEmpty, digits.startIndex > lineStart, line[digits.startIndex - 1] == UInt8(ascii: "{") else {
            return nil
        }
        var start = digits.startIndex - 1
        if start > lineStart, line[start - 1] == UInt8(ascii: "~") { start -= 1 }
        let head = FrameHead(frame.octets)
        guard head.mayHoldLiterals else { return nil }
        return Announced(
            start: start, count: Int(saturating: digits),
            isBody: head.isFetch && Self.endsInSection(frame.octets[..<start]))
    }

    /// Whether a value after these octets is the text of a message. The grammar checks again once the response is
    /// complete.
    private static func endsInSection(_ octets: ArraySlice<UInt8>) -> Bool {
        var octets = octets
        while octets.last == UInt8(ascii: " ") { octets.removeLast() }
        if octets.last == UInt8(ascii: ">"), let start = octets.lastIndex(of: UInt8(ascii: "<")) {
            octets = octets[..<start]  // BODY[]<0>
        }
        if octets.last == UInt8(ascii: "]") {
            // A section has no brackets of its own.
            guard let bracket = octets.lastIndex(of: UInt8(ascii: "[")) else { return false }
            let name = octets[..<bracket].suffix(while: \.isOfName)
            return FetchedBody.names.contains { name.isKeyword($0) }
        }
        let name = octets.suffix(while: \.isOfName)
        return FetchedBody.wholeNames.contains { name.isKeyword($0) }
    }
}

/// What kind of response begins with these octets.
struct FrameHead {
    let mayHoldLiterals: Bool
    let isFetch: Bool
    let listsNumbers: Bool

    init(_ octets: [UInt8]) {
        // Three words are enough: `* 12 FETCH`.
        let words = octets.prefix(64).split(maxSplits: 3) { $0 == UInt8(ascii: " ") }
        func has(_ index: Int, _ keywords: [StaticString]) -> Bool {
            index < words.count && keywords.contains { words[index].isKeyword($0) }
        }
        let isData = has(0, ["*"])
        mayHoldLiterals = isData && !has(1, ["OK", "NO", "BAD", "BYE", "PREAUTH"])
        isFetch = isData && has(2, ["FETCH"])
        listsNumbers = isData && has(1, ["SEARCH", "ESEARCH", "VANISHED"])
    }
}
