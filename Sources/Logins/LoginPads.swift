// SPDX-License-Identifier: Apache-2.0

import Records
import Vocabulary
import Waiting

/// How long a rejection takes when nobody was asked: as long as any other, so that timing reveals nothing.
extension LoginDesk {
    /// A client that guesses at accounts with the costliest hashes must not keep all of a mail server's workers
    /// waiting.
    static let longestPad = Duration.milliseconds(500)

    /// Waits until a login that began at `start` has taken as long as a wrong password takes here, whatever the hash;
    /// and as long as a login lately rejected by the old server, if that is asked about users of the domain.
    func pad(_ facts: LoginFacts, since start: ContinuousClock.Instant) async {
        var duration = min(pool.slowestMismatch, Self.longestPad)
        if facts.isOpen, let settings = facts.settings, settings.syncPasswords {
            duration = max(duration, await recentRejection(by: settings.oldServer) ?? .zero)
        }
        // Cancelled: nobody waits for the answer any more.
        try? await pause(for: start + duration - .now)
    }

    /// The old server has rejected a login that began at `start`.
    func rememberRejection(by server: OldServer, since start: ContinuousClock.Instant) async {
        let duration = ContinuousClock.now - start
        let isFirst = rejections.withLock { rejections in
            let isFirst = rejections[server.name] == nil
            rejections[server.name, default: RecentDurations()].add(duration)
            return isFirst
        }
        // One value per process is enough for the next process to start with.
        guard isFirst else { return }
        let milliseconds = UInt32(clamping: Int64(duration / .milliseconds(1)))
        let octets = withUnsafeBytes(of: milliseconds.bigEndian) { Array($0) }
        do {
            try await context.records.keep([Self.name(server): octets])
        } catch {
            context.log.info("how long the old server takes to reject is known until the restart only: \(error)")
        }
    }

    /// How long one of the latest rejections took; until there is one, a value from before the restart.
    private func recentRejection(by server: OldServer) async -> Duration? {
        if let recent = rejections.withLock({ $0[server.name]?.any }) { return recent }
        // nil if the records do not answer: the login must be answered all the same.
        guard let octets = try? await context.records.kept(Self.name(server)) else { return nil }
        let milliseconds = octets.reduce(into: Int64(0)) { $0 = ($0 << 8 | Int64($1)) & 0xFFFF_FFFF }
        return min(.milliseconds(milliseconds), .seconds(context.limits.loginTimeout))
    }

    private static func name(_ server: OldServer) -> String { "rejection \(server.name)" }
}
