// SPDX-License-Identifier: Apache-2.0

import Glibc
public import NIOCore

/// Turns the CRLF of a message's lines into LF, in one pass over each piece. Bare CR, NUL and 8-bit octets pass
/// unchanged.
public struct LineEndDecoder: Sendable {
    /// Whether a CR has come that may be half of a line's end.
    private var holdsReturn = false

    /// At most this much more may be written than read: what was held back.
    public static let mostHeld = 1

    public init() {}

    /// All of a text that is whole.
    public static func decode(_ octets: ByteBuffer) -> [UInt8] {
        var (decoder, rest) = (LineEndDecoder(), octets)
        var decoded = [UInt8](unsafeUninitializedCapacity: octets.readableBytes + mostHeld) { room, count in
            count = decoder.decode(&rest, into: UnsafeMutableRawBufferPointer(room))
        }
        if decoder.finish() { decoded.append(UInt8(ascii: "\r")) }
        return decoded
    }

    /// Decodes from `input` into `room`, up to the end of either. Returns how many octets were written.
    public mutating func decode(_ input: inout ByteBuffer, into room: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        input.readWithUnsafeReadableBytes { source in
            let count = min(source.count, room.count - Self.mostHeld)
            guard let from = source.baseAddress, let to = room.baseAddress, count > 0 else { return 0 }
            written = decode(from, count, to)
            return count
        }
        return written
    }

    /// The message has ended: whether a CR belongs at its end.
    public mutating func finish() -> Bool {
        defer { holdsReturn = false }
        return holdsReturn
    }

    /// The inner loop: whole lines, found with `memchr` and moved with `memcpy`.
    private mutating func decode(
        _ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer
    ) -> Int {
        let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
        var (at, written) = (0, 0)
        if holdsReturn, source.load(as: UInt8.self) != lineFeed {
            target.storeBytes(of: carriageReturn, as: UInt8.self)
            written = 1
        }
        holdsReturn = false
        while at < count {
            let rest = count - at
            let found = memchr(source + at, CInt(lineFeed), rest).map { source.distance(to: UnsafeRawPointer($0)) - at }
            let length = found ?? rest
            let endsInReturn =
                length > 0 && source.load(fromByteOffset: at + length - 1, as: UInt8.self) == carriageReturn
            let kept = endsInReturn ? length - 1 : length
            memcpy(target + written, source + at, kept)
            written += kept
            guard found != nil else {
                holdsReturn = endsInReturn
                break
            }
            target.storeBytes(of: lineFeed, toByteOffset: written, as: UInt8.self)
            written += 1
            at += length + 1
        }
        return written
    }
}
