// SPDX-License-Identifier: Apache-2.0

internal import CSystemd
internal import Glibc

/// Descriptors that systemd has opened for this process, or kept for it since an earlier run (sd_listen_fds(3)).
///
/// The descriptors are the caller's to close; no child process inherits them.
public struct InheritedDescriptors: Hashable, Sendable {
    /// An open file with a name.
    public struct Descriptor: Hashable, Sendable {
        /// `FileDescriptorName=` of its socket unit, or else the unit's name; or the name it was stored under.
        public let name: String
        public let number: CInt
    }

    /// The listening Unix sockets, in the order of the socket units' lines.
    public let sockets: [Descriptor]
    /// Listening stream sockets of any family that are called `metrics`.
    public let metrics: [Descriptor]
    /// What ``ServiceManager/store(_:as:)`` has stored.
    public let stored: [Descriptor]

    /// Takes over what was passed to this very process (`LISTEN_PID`); a second call finds nothing.
    ///
    /// - Throws: ``SystemdError`` (`inheritance`, `notAListeningSocket`).
    public static func take() throws(SystemdError) -> InheritedDescriptors {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(1, &names)
        guard count >= 0 else {
            throw SystemdError(
                .inheritance, "LISTEN_FDS, LISTEN_FDNAMES cannot be understood: \(errorText(-count)); unset them")
        }
        defer {
            for index in 0..<Int(count) { free(names?[index]) }
            free(names)
        }
        var passed: [Descriptor] = []
        for index in 0..<count {
            let name = (names?[Int(index)]).map { String(cString: $0) } ?? "unknown"
            passed.append(Descriptor(name: name, number: SD_LISTEN_FDS_START + index))
        }
        return try InheritedDescriptors(passed)
    }

    /// Sorts what was passed.
    init(_ all: [Descriptor]) throws(SystemdError) {
        var sockets: [Descriptor] = []
        var metrics: [Descriptor] = []
        var stored: [Descriptor] = []
        for passed in all {
            if Self.isRegularFile(passed.number) {
                stored.append(passed)
            } else if passed.name == "metrics" {
                guard sd_is_socket(passed.number, AF_UNSPEC, CInt(SOCK_STREAM.rawValue), 1) > 0 else {
                    throw SystemdError(
                        .notAListeningSocket,
                        "descriptor \(passed.number) (metrics) from systemd is no listening stream socket; its socket unit "
                            + "needs ListenStream=ADDRESS:PORT, and Accept=no")
                }
                metrics.append(passed)
            } else if sd_is_socket_unix(passed.number, CInt(SOCK_STREAM.rawValue), 1, nil, 0) > 0 {
                sockets.append(passed)
            } else {
                throw SystemdError(
                    .notAListeningSocket,
                    "descriptor \(passed.number) (\(passed.name)) from systemd is no listening Unix stream socket; "
                        + "its socket unit needs ListenStream=/PATH, and Accept=no (only one that is called metrics may be of "
                        + "another family)")
            }
        }
        self.sockets = sockets
        self.metrics = metrics
        self.stored = stored
    }

    /// Anonymous files of memory are regular ones.
    private static func isRegularFile(_ descriptor: CInt) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

/// strerror(3).
func errorText(_ number: CInt) -> String { String(cString: strerror(number)) }
