// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A wall clock that jumps under programs that run with it, while what counts seconds goes on (libfaketime).
public struct ShiftedClock: Sendable {
    private let file: URL

    /// The library, where Debian's package `faketime` is installed.
    public static let library = try? FileSystem.run(["find", "/usr/lib", "-name", "libfaketime.so.1"])
        .split(separator: "\n").first.map(String.init)

    public static var isAvailable: Bool { (library ?? nil) != nil }

    /// - Parameter file: where it is kept what the clock says.
    public init(at file: URL) throws {
        self.file = file
        try set(seconds: 0)
    }

    /// For programs that shall go by it.
    public var environment: [String: String] {
        [
            "LD_PRELOAD": (Self.library ?? nil) ?? "", "FAKETIME_TIMESTAMP_FILE": file.path, "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        ]
    }

    public func remove() { try? FileManager.default.removeItem(at: file) }  // left behind in /var/tmp at worst

    /// From now on it is so many seconds fast, or slow.
    public func set(seconds: Int) throws {
        // At once, for a clock that is read in the middle of it would be right.
        try Data("\(seconds < 0 ? "" : "+")\(seconds)s\n".utf8).write(to: file, options: .atomic)
    }
}
