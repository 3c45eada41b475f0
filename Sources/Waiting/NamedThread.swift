// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Threads of our own, for what blocks: neither the cooperative pool nor an event loop may.
package enum NamedThread {
    /// Starts a thread that ends with `body`.
    /// - Parameter name: of up to 15 octets, as ps(1) and gdb show it.
    /// - Returns: false where the system gives none (TasksMax? memory?).
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
        // Signals are for the threads that expect them.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(name: name, body: body))
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                // Let go of before it ends, with all that it holds.
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        if result == 0 { pthread_detach(thread) } else { work.release() }
        return result == 0
    }

    /// The same; where the system gives none now, it is asked again until it does.
    package static func startInTime(_ name: String, _ body: @escaping @Sendable () -> Void) {
        if start(name, body) { return }
        Timekeeper.shared.call(after: patience) { startInTime(name, body) }
    }

    /// Between two tries.
    static let patience = Duration.milliseconds(100)

    private final class Work: Sendable {
        private let name: String
        private let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }

        func run() {
            _ = name_thread(name)
            body()
        }
    }
}
