// SPDX-License-Identifier: Apache-2.0

internal import CSystemd
internal import Glibc
public import Logging
internal import Synchronization

/// Log entries for the journal, with their metadata as fields; or lines on standard error, if that is not the journal.
///
/// An entry of `account: ann@example.com` is found by `journalctl MAILMOVE_ACCOUNT=ann@example.com`. The metadata also
/// follow the message in its text, for anyone who just reads along. The number of entries of one account is bounded
/// (``EntryLimits``); the next one says how many were `omitted`.
public struct JournalLogHandler: LogHandler {
    public var logLevel: Logger.Level = .info
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let isJournal: Bool

    /// - Parameter label: the part of the daemon that logs.
    public init(label: String, metadataProvider: Logger.MetadataProvider? = nil) {
        self.init(label: label, isJournal: Self.standardErrorIsJournal, metadataProvider: metadataProvider)
    }

    init(label: String, isJournal: Bool, metadataProvider: Logger.MetadataProvider? = nil) {
        self.label = label
        self.isJournal = isJournal
        self.metadataProvider = metadataProvider
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let own = event.metadata { all.merge(own) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        if let account = all["account"] {
            switch Self.limits.withLock({ $0.admit("\(account)", now: Self.seconds) }) {
            case .log(omitted: 0): break
            case .log(let omitted): all["omitted"] = "\(omitted)"
            case .omit: return
            }
        }
        let entry = JournalEntry(label: label, event: event, metadata: all)
        if !isJournal || !entry.send() { entry.print(toJournal: isJournal) }
    }

    private static let limits = Mutex(EntryLimits())

    private static var seconds: Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec)
    }

    /// Whether standard error goes to the journal.
    ///
    /// systemd.exec(5): `$JOURNAL_STREAM` names the device and inode of the journal's stream, to be compared with
    /// those of standard error, which may have been redirected since.
    public static let standardErrorIsJournal: Bool = {
        guard let variable = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard fstat(STDERR_FILENO, &status) == 0 else { return false }
        return String(cString: variable) == "\(status.st_dev):\(status.st_ino)"
    }()
}
