// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Logging
import Synchronization

/// What the process sets for itself before it does anything else.
enum Process {
    static func prepare() {
        // A client that has gone is an error of its write, not the end of the daemon.
        signal(SIGPIPE, SIG_IGN)
        // No core dump, and no debugger of the same user, ever sees a password (prctl(2)).
        _ = forbid_dumps()
        limit_heap()
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }
}

/// Text for people who have started the program by hand.
enum StandardError {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { octets in _ = Glibc.write(STDERR_FILENO, octets.baseAddress, octets.count) }
    }
}

/// The level of every log, which a reload changes.
final class LogLevel: Sendable {
    static let current = LogLevel()

    private let level = Mutex(Logger.Level.info)

    func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }

    var value: Logger.Level { level.withLock { $0 } }
}

/// Passes on what the level in force lets through.
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
