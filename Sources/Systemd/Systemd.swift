// SPDX-License-Identifier: Apache-2.0

/// The daemon's side of its contract with systemd, in the order in which the parts come into play:
///
/// 1. ``InheritedDescriptors``: the sockets to serve, and what an earlier run of the daemon had kept.
/// 2. ``Credential``: secrets that the administrator gives by way of the unit.
/// 3. ``ServiceManager``: readiness, status, watchdog, stopping; and the file-descriptor store.
/// 4. ``JournalLogHandler``: log entries with their fields.
///
/// Without systemd all of it does nothing: no inherited descriptors, no credentials, nobody to notify; and logs go to
/// standard error.
public struct SystemdError: Error, Hashable, CustomStringConvertible {
    public enum Code: Hashable, Sendable {
        /// systemd's description of the inherited descriptors makes no sense.
        case inheritance
        /// An inherited descriptor is neither a listening Unix socket nor something stored earlier.
        case notAListeningSocket
        /// A credential is there, but cannot be used.
        case credential
        /// Something cannot be put into, or taken out of, the file-descriptor store.
        case store
    }

    public let code: Code
    /// What happened, and what to do about it.
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}
