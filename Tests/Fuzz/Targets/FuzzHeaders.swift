// SPDX-License-Identifier: Apache-2.0

import Secrets
import Vocabulary

@testable import MessageContent

/// Headers of any message: what is learned from them is the same, however they came in, and a time is one that files can
/// have.
func fuzzHeaders(_ input: Input) {
    var input = input
    let size = 1 + input.number(below: 9)
    let form = input.number(below: 2) == 0 ? ContentKey.Form.blake2b : .poly1305
    guard let key = try? ContentKey([UInt8](repeating: 7, count: 32), form: form) else { return }
    func scan(_ pieces: [ArraySlice<UInt8>]) -> (content: Int64, arrival: Int64?) {
        var scan = MessageScan(key: key)
        scan.reset()
        for piece in pieces { piece.withUnsafeBytes { scan.append($0) } }
        let (content, arrival) = scan.finish()
        return (content.value, arrival)
    }
    let atOnce = scan(input.pieces(of: 0))
    hold(atOnce == scan(input.pieces(of: size)), "pieces make no difference")
    let date = scan([ArraySlice(Array("Date: ".utf8) + input.rest)]).arrival
    // 1971 to the end of 9999, a day's zone aside.
    for time in [atOnce.arrival, date] {
        hold(time.map { (0...253_402_387_200).contains($0) } ?? true, "a time is within what is written")
    }
}
