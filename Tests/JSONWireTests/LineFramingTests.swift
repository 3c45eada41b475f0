// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@Suite struct LineFramingTests {
    /// What a framing gives for octets that arrive in pieces; an overlong line as nil.
    private func lines(_ octets: [UInt8], piece: Int, limit: Int = 1000) -> [String?] {
        var framing = LineFraming(limit: limit)
        var lines: [String?] = []
        func drain(_ framing: inout LineFraming) {
            while let event = framing.next() {
                switch event {
                case .line(let line): lines.append(line.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
                case .overlong: lines.append(nil)
                }
            }
        }
        for start in stride(from: 0, to: octets.count, by: piece) {
            octets[start..<min(start + piece, octets.count)].withUnsafeBytes { framing.append($0) }
            drain(&framing)
        }
        framing.finish()
        drain(&framing)
        #expect(framing.heldOctets == 0)
        return lines
    }

    @Test(arguments: [1, 2, 3, 7, 1000])
    func linesAreTheSameInWhateverPiecesTheyArrive(_ piece: Int) {
        #expect(lines(Array("one\ntwo\r\n\n\rx\r\r\nlast".utf8), piece: piece) == ["one", "two", "", "\rx\r", "last"])
        #expect(lines(Array("last\n".utf8), piece: piece) == ["last"])
        #expect(lines([], piece: piece) == [])
    }

    @Test(arguments: [1, 3, 64, 100_000])
    func anOverlongLineIsSaidOnceAndTheNextIsWhole(_ piece: Int) {
        let long = String(repeating: "x", count: 5000)
        let exact = String(repeating: "y", count: 10)
        #expect(
            lines(Array("a\n\(long)\n\(exact)\r\n\(exact)\n\(exact)z\nb\n\(long)".utf8), piece: piece, limit: 10)
                == ["a", nil, exact, exact, nil, "b", nil])
    }

    @Test func aLineOfManyMegabytesArrivesWholeAndLeavesNoMemoryBehind() {
        var framing = LineFraming(limit: 16 << 20)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        for _ in 0..<256 {
            let isEarly = framing.next() != nil
            #expect(!isEarly)
            piece.withUnsafeBytes { framing.append($0) }
        }
        Array("\nrest".utf8).withUnsafeBytes { framing.append($0) }
        guard case .line(let line)? = framing.next() else {
            Issue.record("no line")
            return
        }
        #expect(line.count == 16 << 20)
        #expect(framing.heldOctets == 4)
        #expect(framing.footprint < 65_536)
    }

    @Test func anEndlessLineHoldsNoMemory() {
        var framing = LineFraming(limit: 100_000)
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 65_536)
        var overlong = 0
        for _ in 0..<1000 {
            piece.withUnsafeBytes { framing.append($0) }
            while framing.next() != nil { overlong += 1 }
            #expect(framing.footprint < 500_000)
        }
        #expect(overlong == 1)
    }
}
