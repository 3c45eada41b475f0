// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What libFuzzer calls with each input. `MAILMOVE_FUZZ_TARGET` says which reader gets it.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Input(UnsafeRawBufferPointer(start: start, count: count)))
    return 0
}

private let targets: [String: @Sendable (Input) -> Void] = [
    "pop3": { fuzzProtocolMachine($0) },
    "decoder": { fuzzDecoder($0) },
    "replies": { fuzzReplies($0) },
    "sasl": { fuzzSASL($0) },
    "imap": { fuzzIMAP($0) },
    "imap-values": { fuzzIMAPValues($0) },
    "json": { fuzzJSON($0) },
    "rpc": { fuzzRPC($0) },
    "addresses": { fuzzAddresses($0) },
    "headers": { fuzzHeaders($0) },
    "accounts": { fuzzAccounts($0) },
]

private let target: @Sendable (Input) -> Void = {
    let name = getenv("MAILMOVE_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = targets[name] else {
        say("MAILMOVE_FUZZ_TARGET has to be one of: \(targets.keys.sorted().joined(separator: " "))")
        exit(64)
    }
    return target
}()

/// An input, which is taken from the front.
struct Input {
    private(set) var rest: [UInt8]

    init(_ octets: UnsafeRawBufferPointer) { rest = Array(octets) }

    /// 0 to `below`, not included.
    mutating func number(below: Int) -> Int { rest.isEmpty ? 0 : Int(rest.removeFirst()) % below }

    /// The rest in pieces of up to so many octets; 0 is all at once.
    func pieces(of size: Int) -> [ArraySlice<UInt8>] {
        guard size > 0 else { return [rest[...]] }
        return stride(from: 0, to: rest.count, by: size).map { rest[$0..<min($0 + size, rest.count)] }
    }

    var lines: [ArraySlice<UInt8>] { rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) }
    var text: String { String(decoding: rest, as: UTF8.self) }
}

/// What must hold, whatever comes in; libFuzzer keeps the input that shows otherwise.
func hold(_ condition: Bool, _ promise: StaticString) {
    guard !condition else { return }
    say("BROKEN: \(promise)")
    abort()
}

private func say(_ text: String) {
    var line = text + "\n"
    line.withUTF8 { octets in _ = write(STDERR_FILENO, octets.baseAddress, octets.count) }
}
