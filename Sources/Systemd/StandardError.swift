// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Standard error, in whatever state it is: a pipe that nobody reads, a full disk, a terminal that is gone. Nothing
/// waits for it or fails because of it: output that it does not accept is lost, and counted.
public enum StandardError {
    private static let lost = Mutex(0)
    /// A pipe that is ready takes this much as a whole (pipe(7): `PIPE_BUF`).
    private static let portion = 4096

    /// Writes whole lines.
    public static func write(_ text: String) {
        lost.withLock { lost in
            if lost > 0, put("(\(lost) lines were lost: standard error did not take them)\n") { lost = 0 }
            if !put(text) { lost += 1 }
        }
    }

    /// - Returns: whether it was accepted as a whole.
    private static func put(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { octets in
            var rest = UnsafeRawBufferPointer(octets)
            while !rest.isEmpty {
                var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                guard poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLOUT) != 0 else { return false }
                let count = Glibc.write(STDERR_FILENO, rest.baseAddress, min(rest.count, portion))
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return true
        }
    }

    /// Opens those of the three standard descriptors that the parent has left closed; otherwise a file of ours could
    /// get such a number, and receive what is written to standard error.
    public static func occupy() {
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            guard descriptor >= 0 else { return }
            guard descriptor <= STDERR_FILENO else {
                close(descriptor)
                return
            }
        }
    }
}
