// SPDX-License-Identifier: Apache-2.0

internal import CSystemd
internal import Glibc

/// Tells the service manager how the daemon is doing (sd_notify(3)). Does nothing if no manager listens
/// (`$NOTIFY_SOCKET`), and never fails: a service continues even if its manager does not hear it.
public struct ServiceManager: Sendable {
    public init() {}

    /// Whether a service manager has started this process and listens.
    public var isListening: Bool { getenv("NOTIFY_SOCKET") != nil }

    /// The sockets are served, and the database is open.
    public func ready(status: String? = nil) { notify(["READY=1"] + line("STATUS", status)) }

    /// What is going on, in one line for `systemctl status`.
    public func status(_ text: String) { notify(line("STATUS", text)) }

    public func stopping(status: String? = nil) { notify(["STOPPING=1"] + line("STATUS", status)) }

    /// The configuration is being read again; ``ready(status:)`` ends it.
    public func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        notify(["RELOADING=1", "MONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)"])
    }

    /// A proof of life, due within ``watchdogInterval``.
    public func watchdog() { notify(["WATCHDOG=1"]) }

    /// Starting or stopping takes longer: the manager's timeout starts again, with at least `duration` to go.
    public func extendTimeout(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        notify(["EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)"])
    }

    /// The daemon gives up and is about to exit: with this status, for this reason in words, and because of this system
    /// error (errno(3)), if any.
    public func failed(exitStatus: CInt, errno number: CInt = 0, status: String) {
        notify(line("STATUS", status) + ["EXIT_STATUS=\(exitStatus)"] + (number > 0 ? ["ERRNO=\(number)"] : []))
    }

    public func mainProcess(_ process: CInt) { notify(["MAINPID=\(process)"]) }

    /// How often the manager wants to see ``watchdog()``, with a margin for late ones; nil if it does not
    /// (sd_watchdog_enabled(3)).
    public var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds / 3))
    }

    /// Puts `descriptor` into the file-descriptor store (`FileDescriptorStoreMax=`), from which it comes back in
    /// ``InheritedDescriptors/stored`` after a crash or a restart. The caller's own stays open.
    ///
    /// - Parameter name: no colons, no control characters, up to 255 (sd_pid_notify_with_fds(3)).
    /// - Returns: whether a manager has been asked; it does not say whether it had room.
    @discardableResult
    public func store(_ descriptor: CInt, as name: String) -> Bool {
        var descriptor = descriptor
        return sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=\(Self.oneLine(name))", &descriptor, 1) > 0
    }

    /// Removes everything of that name from the file-descriptor store.
    public func removeStored(_ name: String) { notify(["FDSTOREREMOVE=1", "FDNAME=\(Self.oneLine(name))"]) }

    private func line(_ variable: String, _ text: String?) -> [String] {
        text.map { ["\(variable)=\(Self.oneLine($0))"] } ?? []
    }

    private func notify(_ lines: [String]) {
        // A failure means that the manager is shutting down, or that it does not listen to this process
        // (NotifyAccess=).
        _ = sd_notify(0, lines.joined(separator: "\n"))
    }

    /// A line feed would begin another assignment, by which whoever chose the text could send `READY=1`, for example.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
