// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A program that is told something on its standard input. It is started without a shell and without arguments, as a
/// process group of its own, in the daemon's sandbox; what it prints is discarded, what it complains of goes where the
/// daemon's own complaints go.
struct NoticeProgram {
    let path: String

    /// Blocks until it has ended. After `patience` it is killed, with all that it has started.
    func run(_ input: [UInt8], patience: Duration) throws(NoticeTarget.Failure) {
        let deadline = ContinuousClock.now + patience
        var pipe: [CInt] = [-1, -1]
        guard pipe2(&pipe, O_CLOEXEC) == 0 else { throw .system("no pipe can be made") }
        let (reading, writing) = (pipe[0], pipe[1])
        let process: pid_t
        do throws(NoticeTarget.Failure) {
            process = try start(reading: reading)
            close(reading)
        } catch {
            close(reading)
            close(writing)
            throw error
        }
        // How it ends says whether it is told: one that ends well without reading all of it had enough.
        Self.write(input, to: writing, until: deadline)
        close(writing)
        guard let status = Self.wait(for: process, until: deadline) else {
            kill(-process, SIGKILL)
            var status: CInt = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            throw NoticeTarget.Failure(description: "\(path) did not end in time, and was killed")
        }
        // WIFEXITED, WEXITSTATUS (wait(2)).
        if status & 0x7F != 0 {
            throw NoticeTarget.Failure(description: "\(path) was ended by signal \(status & 0x7F)")
        }
        let exit = status >> 8 & 0xFF
        if exit != 0 { throw NoticeTarget.Failure(description: "\(path) ended with status \(exit)") }
    }

    private func start(reading: CInt) throws(NoticeTarget.Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, reading, STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        // Neither the daemon's sockets nor its credentials are any of its business.
        let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        var process: pid_t = 0
        let code = Self.withPointers([path]) { arguments in
            Self.withPointers(environment) { environment in
                posix_spawn(&process, path, &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            errno = code
            throw .system("\(path) cannot be started")
        }
        return process
    }

    private static func withPointers<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = texts.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }

    /// As much as it reads in time. SIGPIPE is ignored in this process.
    private static func write(_ octets: [UInt8], to descriptor: CInt, until deadline: ContinuousClock.Instant) {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var written = 0
        while written < octets.count {
            let count = octets[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                written += count
            } else if errno == EAGAIN {
                let left = (deadline - .now) / .milliseconds(1)
                guard left > 0 else { return }
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, CInt(min(left, 1000)))
            } else if errno != EINTR {
                return
            }
        }
    }

    /// - Returns: its status; nil where it has not ended in time.
    private static func wait(for process: pid_t, until deadline: ContinuousClock.Instant) -> CInt? {
        let descriptor = pidfd(process)
        defer { if descriptor >= 0 { close(descriptor) } }
        while true {
            var status: CInt = 0
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { return status }
            if ended < 0, errno != EINTR { return nil }
            let left = (deadline - .now) / .milliseconds(1)
            guard left > 0 else { return nil }
            // Without a descriptor (Linux before 5.3) it looks again every now and then.
            var ending = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&ending, 1, CInt(min(left, descriptor >= 0 ? 1000 : 50)))
        }
    }
}
