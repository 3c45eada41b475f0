// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

extension Process {
    /// Like `run`, and the child takes signals: the threads that run Swift tasks block them all, which a child would
    /// inherit, and no `SIGTERM` would ever end it (posix_spawn(3), signal(7)).
    public func runTakingSignals() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
