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

    /// Stops it, or lets it go on; all its threads stand still when this returns.
    func hang(_ hangs: Bool) {
        guard isRunning else { return }
        kill(processIdentifier, hangs ? SIGSTOP : SIGCONT)
        for _ in 0..<1000 where hangs && !standsStill { usleep(5000) }
    }

    private var standsStill: Bool {
        let tasks = "/proc/\(processIdentifier)/task"
        let states = ((try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []).map { task in
            // pid (name) state …: proc(5)
            (try? String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8))?.split(separator: ")").last?.first {
                $0 != " "
            }
        }
        return states.allSatisfy { $0 == nil || $0 == "T" || $0 == "t" }
    }
}
