// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Decodes a multi-line answer (RFC 1939 §3) in one pass over each buffer: finds its end, unstuffs dots, and turns CRLF
/// into LF. Bare CR, NUL and 8-bit octets pass unchanged.
///
/// The only doubt is where a line ends, because messages contain bare LF, and some servers end every line with it:
///
/// - A server whose status lines end in LF ends all its lines that way: a lone dot after any LF is the end.
/// - A server whose status lines end in CRLF is believed: only CRLF ends a line, so that a lone dot between bare LFs
///   does not end the message, and a dot after one is not unstuffed.
/// - … unless the message's very first line ends in a bare LF: then the server sends its files unchanged and adds the
///   terminator itself, a dot and CRLF after any LF.
/// - Lists have no content to protect, and end at any lone dot.
struct MessageDecoder {
    enum LineEnd: Hashable, Sendable {
        case crlf, lf
        /// Either, as in lists.
        case any
    }

    /// What precedes the next octet and has not been output yet.
    private enum Held {
        /// Nothing; a line begins.
        case lineStart
        /// Nothing; within a line.
        case text
        /// A CR within a line.
        case carriageReturn
        /// A dot at the start of a line.
        case dot
        /// A dot at the start of a line, and a CR.
        case dotCarriageReturn
    }

    private var lineEnd: LineEnd
    private var held = Held.lineStart
    /// Whether a bare LF ends a line; nil until the first line has ended.
    private var bareLineFeedEndsLine: Bool?
    private(set) var lineCount = 0

    init(lineEnd: LineEnd) {
        self.lineEnd = lineEnd
        bareLineFeedEndsLine = Self.bareLineFeedEndsLine(lineEnd)
    }

    /// Begins another answer.
    mutating func begin(lineEnd: LineEnd) {
        self.lineEnd = lineEnd
        bareLineFeedEndsLine = Self.bareLineFeedEndsLine(lineEnd)
        held = .lineStart
        lineCount = 0
    }

    private static func bareLineFeedEndsLine(_ lineEnd: LineEnd) -> Bool? { lineEnd == .crlf ? nil : true }

    /// At most this much more may be written than read: what was held back.
    static let mostHeld = 2

    /// Decodes from `input` into `room`, up to the terminator, the end of the input or the end of the room. Returns how
    /// many octets were written, and whether the terminator has been read.
    mutating func decode(
        _ input: inout ByteBuffer, into room: UnsafeMutableRawBufferPointer
    ) -> (written: Int, isWhole: Bool) {
        var (written, isWhole) = (0, false)
        input.readWithUnsafeReadableBytes { source in
            let count = min(source.count, room.count - Self.mostHeld)
            guard let from = source.baseAddress, let to = room.baseAddress, count > 0 else { return 0 }
            let consumed: Int
            (consumed, isWhole) = decode(from, count, to, &written)
            return consumed
        }
        return (written, isWhole)
    }

    /// The same, appending to `lines`, with room for everything.
    mutating func decode(_ input: inout ByteBuffer, into lines: inout ByteBuffer) -> Bool {
        var isWhole = false
        lines.writeWithUnsafeMutableBytes(minimumWritableBytes: input.readableBytes + Self.mostHeld) { room in
            let written: Int
            (written, isWhole) = decode(&input, into: room)
            return written
        }
        return isWhole
    }

    /// The inner loop: whole lines, found with `memchr` and moved with `memcpy`.
    private mutating func decode(
        _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer, _ written: inout Int
    ) -> (consumed: Int, isWhole: Bool) {
        let (lineFeed, carriageReturn, dot) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "."))
        func put(_ octet: UInt8) {
            target.storeBytes(of: octet, toByteOffset: written, as: UInt8.self)
            written += 1
        }
        var at = 0
        while at < count {
            let octet = source.load(fromByteOffset: at, as: UInt8.self)
            switch held {
            case .lineStart:
                if octet == dot {
                    held = .dot
                    at += 1
                } else {
                    held = .text
                }
            case .dot:
                switch octet {
                case carriageReturn:
                    held = .dotCarriageReturn
                    at += 1
                case lineFeed where lineEnd != .crlf:
                    return (at + 1, true)
                case dot:  // stuffed
                    put(dot)
                    held = .text
                    at += 1
                default:  // A server that does not stuff; nothing is taken away.
                    put(dot)
                    held = .text
                }
            case .dotCarriageReturn:
                if octet == lineFeed { return (at + 1, true) }
                put(dot)
                held = .carriageReturn
            case .carriageReturn:
                if octet == lineFeed {
                    put(lineFeed)
                    endLine(bare: false)
                    at += 1
                } else {
                    put(carriageReturn)
                    held = .text
                }
            case .text:
                let rest = count - at
                guard let found = memchr(source + at, CInt(lineFeed), rest) else {
                    let endsInReturn = source.load(fromByteOffset: count - 1, as: UInt8.self) == carriageReturn
                    let length = endsInReturn ? rest - 1 : rest
                    memcpy(target + written, source + at, length)
                    written += length
                    held = endsInReturn ? .carriageReturn : .text
                    return (count, false)
                }
                let length = source.distance(to: UnsafeRawPointer(found)) - at
                let isCRLF =
                    length > 0 && source.load(fromByteOffset: at + length - 1, as: UInt8.self) == carriageReturn
                let kept = isCRLF ? length - 1 : length
                memcpy(target + written, source + at, kept)
                written += kept
                put(lineFeed)
                endLine(bare: !isCRLF)
                at += length + 1
            }
        }
        return (count, false)
    }

    private mutating func endLine(bare: Bool) {
        lineCount += 1
        if bareLineFeedEndsLine == nil { bareLineFeedEndsLine = bare }
        held = !bare || bareLineFeedEndsLine == true ? .lineStart : .text
    }
}
