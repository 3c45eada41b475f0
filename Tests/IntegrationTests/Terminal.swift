// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Support
import Synchronization

/// A program on a terminal of its own, which a test sees and types on.
///
///     let terminal = try Terminal(["/usr/bin/tput", "cols"], columns: 60)
///     try await terminal.end()
///     terminal.shown  // "60\n"
final class Terminal: Sendable {
    private struct State: Sendable {
        var octets: [UInt8] = []
        var status: Int32?
    }

    private let master: Int32
    private let state: Shared
    private let identifier: Int32

    private final class Shared: Sendable {
        let value = Mutex(State())
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    init(
        _ command: [String], columns: Int = 80, rows: Int = 24, environment: [String: String] = [:]
    ) throws {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (isLocked, number): (Int32, UInt32) = (0, 0)
        // TIOCSPTLCK and TIOCGPTN: what unlockpt(3) and ptsname(3) do.
        guard master >= 0, ioctl(master, 0x4004_5431, &isLocked) == 0, ioctl(master, 0x8004_5430, &number) == 0,
            let slave = FileHandle(forUpdatingAtPath: "/dev/pts/\(number)")
        else { throw Failure(description: "there is no terminal to be had") }
        Self.resize(master, columns, rows)
        let process = Process()
        // The program's own session, with the terminal as the one to ask on.
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["--default-signal", "setsid", "--ctty", "--wait"] + command
        process.environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm", "TZ": "UTC",
        ].merging(environment) { $1 }
        process.standardInput = slave
        process.standardOutput = slave
        process.standardError = slave
        let state = Shared()
        self.state = state
        process.terminationHandler = { ended in state.value.withLock { $0.status = ended.terminationStatus } }
        try process.run()
        identifier = process.processIdentifier
        try slave.close()
        Thread.detachNewThread { [master] in
            var piece = [UInt8](repeating: 0, count: 65536)
            // EIO: nobody has the other side any more.
            while case let count = read(master, &piece, piece.count), count > 0 {
                state.value.withLock { $0.octets += piece[..<count] }
            }
        }
    }

    deinit {
        if status == nil { kill(identifier, SIGKILL) }
        close(master)
    }

    var status: Int32? { state.value.withLock { $0.status } }

    /// All that has been written to the terminal, without carriage returns.
    var written: String {
        String(decoding: state.value.withLock { $0.octets.filter { $0 != 13 } }, as: UTF8.self)
    }

    /// The same without what moves the cursor and colours text.
    var shown: String { written.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "") }

    /// The pictures that were painted over each other, each with its lines.
    var pictures: [[String]] {
        written.components(separatedBy: "\u{1B}[J").dropLast().compactMap { piece in
            piece.components(separatedBy: "\u{1B}[H").last?
                .replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "").components(separatedBy: "\n")
        }
    }

    func type(_ text: String) {
        let octets = Array(text.utf8)
        _ = write(master, octets, octets.count)
    }

    func resize(columns: Int, rows: Int) { Self.resize(master, columns, rows) }

    private static func resize(_ descriptor: Int32, _ columns: Int, _ rows: Int) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(descriptor, UInt(TIOCSWINSZ), &size)
    }

    /// Waits until something holds of the terminal; throws where the program has ended before.
    func wait(_ holds: (Terminal) throws -> Bool) async throws {
        while try !holds(self) {
            guard status == nil else {
                // What it wrote last may come after its end is known.
                try await Task.sleep(for: .milliseconds(200))
                if try holds(self) { return }
                throw Failure(description: "ended with \(status ?? -1): \(written.suffix(2000))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Waits for the program's end, and for all that it wrote; gives its exit status.
    @discardableResult
    func end() async throws -> Int32 {
        while status == nil { try await Task.sleep(for: .milliseconds(20)) }
        var count = -1
        while case let now = state.value.withLock({ $0.octets.count }), now != count {
            count = now
            try await Task.sleep(for: .milliseconds(100))
        }
        return status ?? -1
    }
}

extension Mailmovectl {
    /// Runs the script on a terminal of that width, to its end.
    func onTerminal(
        _ arguments: [String], columns: Int = 80, environment: [String: String] = [:]
    ) async throws -> (status: Int32, shown: String) {
        let terminal = try Self.terminal(arguments, socket: adminSocket, columns: columns, environment: environment)
        let status = try await terminal.end()
        return (status, terminal.shown)
    }

    static func terminal(
        _ arguments: [String], socket: String, columns: Int = 80, rows: Int = 24, environment: [String: String] = [:]
    ) throws -> Terminal {
        try Terminal(
            [script.path] + arguments, columns: columns, rows: rows,
            environment: ["MAILMOVE_SOCKET": socket].merging(environment) { $1 })
    }
}

extension String {
    /// How many columns of a terminal it takes, of the characters that tests use.
    var columns: Int {
        unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 0x300...0x36F: sum
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60,
                0x20000...0x3FFFD:
                sum + 2
            default: sum + 1
            }
        }
    }
}
