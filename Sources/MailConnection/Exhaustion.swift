// SPDX-License-Identifier: Apache-2.0

import Glibc
import MailSession
import NIOCore

/// Shortages on this machine, for which no old server is to blame.
enum Exhaustion {
    static func isCause(of error: any Error) -> Bool {
        guard let error = error as? IOError else { return false }
        return [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error.errnoCode)
    }

    /// Whether no file descriptor is available: the system's resolver, which needs some, says only that it failed.
    static var isNow: Bool {
        let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard probe < 0 else {
            close(probe)
            return false
        }
        return errno == EMFILE || errno == ENFILE
    }
}

extension WireFailure {
    static let exhausted = WireFailure(
        code: .exhausted,
        message: "was not asked: this machine has no descriptor left for it; raise LimitNOFILE= (or ulimit -n)")
}
