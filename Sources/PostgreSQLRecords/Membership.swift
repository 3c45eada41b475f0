// SPDX-License-Identifier: Apache-2.0

import Glibc
import Records
import Synchronization

/// This node among those that share the database: its number, what it has claimed, and until when that is its own.
///
/// The fence is by a clock that runs through suspends, from before a signature was asked for: whatever becomes of the
/// answer, the database's own bound comes later. Nobody takes over before a few seconds after that.
final class Membership: Sendable {
    private struct State: Sendable {
        var number: Int32 = 0
        var epoch: Int64 = 0
        /// Seconds of CLOCK_BOOTTIME.
        var fence = 0.0
        var claims: [AccountRecord.ID: Int64] = [:]
        var leads = true
    }

    private let state = Mutex(State())

    /// 0 until it has joined.
    var number: Int32 { state.withLock(\.number) }
    var epoch: Int64 { state.withLock(\.epoch) }
    var hasJoined: Bool { number != 0 }

    /// How much longer than a lease others wait before they take over, in seconds.
    static let grace = 5.0

    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// What was claimed in another epoch is no more.
    func joined(_ number: Int32, epoch: Int64, until fence: Double, leads: Bool) {
        state.withLock { $0 = State(number: number, epoch: epoch, fence: fence, leads: leads) }
    }

    func signed(until fence: Double, leads: Bool) {
        state.withLock { state in
            state.fence = max(state.fence, fence)
            state.leads = leads
        }
    }

    var leads: Bool { state.withLock { $0.leads && ($0.number == 0 || $0.fence > Self.now) } }

    /// It was late: nothing is its own.
    func lapsed() {
        state.withLock { state in
            state.fence = 0
            state.claims = [:]
        }
    }

    var isFenced: Bool { state.withLock { $0.number != 0 && $0.fence <= Self.now } }

    func claimed(_ lease: Lease) { state.withLock { $0.claims[lease.account] = lease.token } }

    func released(_ lease: Lease) {
        state.withLock { state in
            if state.claims[lease.account] == lease.token { state.claims[lease.account] = nil }
        }
    }

    func holds(_ lease: Lease?) -> Bool {
        state.withLock { state in
            if state.number == 0 { return true }
            guard state.fence > Self.now else { return false }
            return lease.map { state.claims[$0.account] == $0.token } ?? true
        }
    }

    var claims: [Lease] { state.withLock { $0.claims.map { Lease(account: $0.key, token: $0.value) } } }
}

/// A process, as another one of the same machine can find out whether it lives.
struct ProcessPlace: Sendable {
    /// The machine's boot, and the processes' namespace.
    let host: String
    let pid: Int64
    /// Of this start alone.
    let identity: String

    static let own = ProcessPlace()

    private init() {
        pid = Int64(getpid())
        let boot = Self.text("/proc/sys/kernel/random/boot_id")
        var name = [CChar](repeating: 0, count: 128)
        let count = readlink("/proc/self/ns/pid", &name, name.count - 1)
        host = "\(boot) \(String(decoding: name.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self))"
        identity = "\(boot) \(pid) \(Self.start(of: pid)) \(UInt64.random(in: 0...UInt64.max))"
    }

    /// Whether a process that said this of itself is certainly dead: the machine is this one, and it is not there.
    func isDead(host: String, pid: Int64, identity: String) -> Bool {
        guard host == self.host, !host.hasPrefix(" ") else { return false }
        let start = Self.start(of: pid)
        return start.isEmpty || identity.split(separator: " ").dropFirst(2).first.map(String.init) != start
    }

    /// When it was started (proc(5), `/proc/pid/stat`, 22); empty where there is none.
    private static func start(of pid: Int64) -> String {
        let text = text("/proc/\(pid)/stat")
        guard let end = text.lastIndex(of: ")") else { return "" }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return "" }
        return String(fields[19])
    }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var octets = [UInt8](repeating: 0, count: 4096)
        let count = fread(&octets, 1, octets.count, file)
        return String(decoding: octets.prefix(count).filter { $0 != 10 }, as: UTF8.self)
    }
}
