// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A program that is told something on its standard input, and may answer on its standard output.
///
/// It is started without a shell, as a process group of its own, in the daemon's sandbox, with neither the daemon's
/// sockets nor its credentials. All of this blocks.
public struct ChildProgram: Sendable {
    /// Why it did not do it, for the administrator; never what it was told, or said.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String

        public init(_ description: String) { self.description = description }

        static func system(_ what: String) -> Failure { Failure("\(what): \(String(cString: strerror(errno)))") }
    }

    /// What becomes of what it says.
    public enum Output: Sendable {
        /// Thrown away; what it complains of goes where the daemon's own complaints go.
        case discarded
        /// Its first line, of at most so many octets. What it complains of is thrown away: that may be what it was told.
        case line(most: Int)
    }

    public let path: String
    public var arguments: [String]

    public init(path: String, arguments: [String] = []) {
        self.path = path
        self.arguments = arguments
    }

    /// Blocks until it has ended. After `patience` it is killed, with all that it has started.
    /// - Returns: its first line, without its end; empty where what it says is thrown away.
    public func run(
        _ input: [UInt8], output: Output = .discarded, patience: Duration
    ) throws(Failure) -> [UInt8] {
        let deadline = ContinuousClock.now + patience
        let standardInput = try Pipe()
        defer { standardInput.close() }
        var standardOutput: Pipe?
        if case .line = output { standardOutput = try Pipe() }
        defer { standardOutput?.close() }
        let process = try start(standardInput.reading, standardOutput?.writing)
        standardInput.closeReading()
        standardOutput?.closeWriting()
        // How it ends says whether it is told: one that ends well without reading all of it had enough.
        Self.write(input, to: standardInput.writing, until: deadline)
        standardInput.closeWriting()
        var line: [UInt8] = []
        if case .line(let most) = output, let reading = standardOutput?.reading {
            do throws(Failure) {
                line = try Self.readLine(from: reading, most: most, until: deadline, path)
            } catch {
                Self.end(process)
                throw error
            }
        }
        guard let status = Self.wait(for: process, until: deadline) else {
            Self.end(process)
            throw Failure("\(path) did not end in time, and was killed")
        }
        // WIFEXITED, WEXITSTATUS (wait(2)).
        if status & 0x7F != 0 { throw Failure("\(path) was ended by signal \(status & 0x7F)") }
        let exit = status >> 8 & 0xFF
        if exit != 0 { throw Failure("\(path) ended with status \(exit)") }
        return line
    }

    private func start(_ input: CInt, _ output: CInt?) throws(Failure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        // Sockets of clients, which a program that outlives the daemon would keep open, among them.
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1)
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
        let code = Self.withPointers([path] + arguments) { arguments in
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
                guard isReady(descriptor, POLLOUT, until: deadline) else { return }
            } else if errno != EINTR {
                return
            }
        }
    }

    private static func readLine(
        from descriptor: CInt, most: Int, until deadline: ContinuousClock.Instant, _ path: String
    ) throws(Failure) -> [UInt8] {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var line: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count > 0 {
                let end = buffer[..<count].firstIndex(of: UInt8(ascii: "\n"))
                line += buffer[..<(end ?? count)]
                guard line.count <= most else { throw Failure("\(path) says more than \(most) octets") }
                if end != nil { return line }
            } else if count == 0 {
                return line
            } else if errno == EAGAIN {
                guard isReady(descriptor, POLLIN, until: deadline) else {
                    throw Failure("\(path) did not answer in time, and was killed")
                }
            } else if errno != EINTR {
                throw .system("what \(path) says cannot be read")
            }
        }
    }

    private static func isReady(_ descriptor: CInt, _ event: CInt, until deadline: ContinuousClock.Instant) -> Bool {
        let left = (deadline - .now) / .milliseconds(1)
        guard left > 0 else { return false }
        var waiting = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        _ = poll(&waiting, 1, CInt(min(left.rounded(.up), 1000)))
        return true
    }

    private static func end(_ process: pid_t) {
        kill(-process, SIGKILL)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
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

/// Two ends, each closed once.
private final class Pipe {
    private(set) var reading: CInt
    private(set) var writing: CInt

    init() throws(ChildProgram.Failure) {
        var ends: [CInt] = [-1, -1]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .system("no pipe can be made") }
        (reading, writing) = (ends[0], ends[1])
    }

    func closeReading() {
        if reading >= 0 { Glibc.close(reading) }
        reading = -1
    }

    func closeWriting() {
        if writing >= 0 { Glibc.close(writing) }
        writing = -1
    }

    func close() {
        closeReading()
        closeWriting()
    }
}
