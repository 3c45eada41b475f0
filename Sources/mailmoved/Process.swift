// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Logging
import Synchronization
import Systemd

/// Process-wide settings, made before anything else.
enum Process {
    static func prepare() {
        StandardError.occupy()
        // A client that has disconnected is an error of the write, not the end of the daemon.
        signal(SIGPIPE, SIG_IGN)
        // Neither a core dump nor a debugger of the same user must ever see a password (prctl(2)).
        _ = forbid_dumps()
        limit_heap()
        Descriptors.raise()
    }

    /// The command line, with the program's name first.
    ///
    /// From the kernel (proc(5)): Swift looks for it next to `environ`, where it is no longer found if a preloaded
    /// library has moved that.
    static var arguments: [String] {
        let file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return CommandLine.arguments }
        defer { close(file) }
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            octets += buffer.prefix(count)
        }
        // Each ends with a NUL.
        let arguments = octets.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        return arguments.isEmpty ? CommandLine.arguments : arguments.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// The level of every log, which a reload changes.
final class LogLevel: Sendable {
    static let current = LogLevel()

    private let level = Mutex(Logger.Level.info)

    func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }

    var value: Logger.Level { level.withLock { $0 } }
}

/// Passes on entries that the current level allows.
struct LevelledLogHandler<Inner: LogHandler>: LogHandler {
    private var inner: Inner
    private var own: Logger.Level?

    init(_ inner: Inner) { self.inner = inner }

    var logLevel: Logger.Level {
        get { own ?? LogLevel.current.value }
        set { own = newValue }
    }

    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { inner.log(event: event) }
}
