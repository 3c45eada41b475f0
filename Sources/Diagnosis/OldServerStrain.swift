// SPDX-License-Identifier: Apache-2.0

import Ground
import MailSource
import OldServerPlaces
import OldServerPolicy
import Runs
import Secrets
import Vocabulary
import Waiting

/// What an old server bears from this machine: how many connections at once, and how it answers after wrong passwords.
///
/// To it, all users come from one address. While logins or moves are under way, what those have met is told, so that nobody
/// pays for a measurement.
struct OldServerStrain: Sendable {
    let context: Context
    let places: OldServerPlaces

    /// What a login took, from the password to the answer.
    struct Answers: Sendable {
        /// A right password, before any wrong one.
        var right: Duration?
        /// Wrong ones, in order.
        var wrong: [Duration] = []
        /// A right password after the wrong ones.
        var rightAfter: Duration?

        /// Whether a wrong one has taken longer than the right one.
        var areSuspicious: Bool {
            guard let right, let slowest = wrong.max() else { return false }
            return slowest - right >= noticeable
        }
    }

    private static let noticeable = Duration.milliseconds(700)
    /// For all connections that are tried.
    private static let longest = Duration.seconds(5)
    /// What a server may take to see that a connection has ended.
    private static let noticing = Duration.milliseconds(500)

    func isInUse(_ server: OldServer) -> Bool { places.facts(of: server.endpoint).isInUse }

    /// What has been met so far, in sentences for an administrator.
    func known(_ server: OldServer) -> [String] {
        let facts = places.facts(of: server.endpoint)
        return [
            facts.limit.map { OldServerNews.limit($0.connections) },
            facts.penalty.map { OldServerNews.penalty($0.delay) },
        ].compactMap(\.self)
    }

    func knowsLimit(_ server: OldServer) -> Bool { places.facts(of: server.endpoint).limit != nil }

    func knowsPenalty(_ server: OldServer) -> Bool { places.facts(of: server.endpoint).penalty != nil }

    /// Opens connections, one after the other, until one is refused, there are as many as are ever wanted, or it takes too
    /// long. Nobody logs in.
    /// - Returns: how many stood when one more was refused, twice; nil where none was.
    func limit(of server: OldServer) async throws -> Int? {
        let most = OldServerPolicy.Bounds(context.limits).mostConnections
        let end = ContinuousClock.now + Self.longest
        var lines: [any SourceConnection] = []
        defer { for line in lines { line.abort() } }
        var timeouts = context.timeouts
        timeouts.connect = min(timeouts.connect, .seconds(2))
        timeouts.read = min(timeouts.read, .seconds(2))
        var refusals = 0
        var found: Int?
        // Connections of the checks before have ended over there, too.
        try await pause(for: Self.noticing)
        while lines.count < most, ContinuousClock.now < end, found == nil {
            do throws(SourceError) {
                lines.append(try await context.source.connect(to: server, timeouts: timeouts, hiding: nil))
                refusals = 0
            } catch {
                try Task.checkCancellation()
                guard case .refused = ConnectionEnd(error, hasGreeted: false), !lines.isEmpty else { break }
                refusals += 1
                if refusals > 1 { found = lines.count }
                try await pause(for: Self.noticing)
            }
        }
        for line in lines { _ = try? await withDeadline(seconds: 1) { try await line.leave() } }
        if let found { places.tried(server.endpoint, bears: found) }
        return found
    }

    /// - Returns: by how much each wrong password was answered later than the one before, where those alone are; nil where
    ///   that is not so.
    static func growth(_ answers: Answers) -> Duration? {
        guard penalty(answers) == nil, let first = answers.wrong.first, let last = answers.wrong.last,
            last - first >= noticeable
        else { return nil }
        return last - first
    }

    /// - Returns: by how much answers come later after wrong passwords; nil where they do not.
    static func penalty(_ answers: Answers) -> Duration? {
        if let right = answers.right, let after = answers.rightAfter {
            return after - right >= noticeable ? after - right : nil
        }
        guard let first = answers.wrong.first, let last = answers.wrong.last, last - first >= noticeable else {
            return nil
        }
        return last - first
    }
}
