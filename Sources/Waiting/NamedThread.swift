// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Threads of our own for blocking calls, which neither the cooperative pool nor an event loop may make.
package enum NamedThread {
    /// Starts a thread that ends with `body`.
    /// - Parameter name: up to 15 octets, as shown by ps(1) and gdb.
    /// - Returns: false if the system cannot create one (TasksMax? memory?).
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
                // Released, with everything it holds, before the thread ends.
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, work.toOpaque())
        if result == 0 { pthread_detach(thread) } else { work.release() }
        return result == 0
    }

    /// The same, retrying until the system can create the thread.
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
