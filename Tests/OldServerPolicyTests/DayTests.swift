// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OldServerPolicy

/// A day of ten thousand users, whose old servers bear little, punish, hang, refuse, go away and come back: by virtual
/// time, in which bounds are exact. What it prints is what users wait.
@Suite struct DayTests {
    private static let servers = [
        SimulatedServer("good", users: 2500) { $0.message = .milliseconds(300) },
        SimulatedServer("bears 16", users: 2000) { ($0.bears, $0.message) = (16, .milliseconds(300)) },
        SimulatedServer("bears 4", users: 1500) { $0.bears = 4 },
        SimulatedServer("bears 4, greets", users: 600) { ($0.bears, $0.refusal) = (4, .beforePassword) },
        SimulatedServer("bears 2", users: 500) { ($0.bears, $0.refusal) = (2, .connection) },
        SimulatedServer("bears 1", users: 300) { $0.bears = 1 },
        SimulatedServer("punishes", users: 1200) { $0.penalises = true },
        SimulatedServer("is slow", users: 200) { $0.message = .seconds(10) },
        SimulatedServer("hangs for some", users: 200) { $0.hangsForOneIn = 10 },
        SimulatedServer("hangs", users: 400) { $0.outage = (.hanging, 9, 10) },
        SimulatedServer("goes away", users: 400) { $0.outage = (.refusing, 9, 10) },
        SimulatedServer("is cut off", users: 200) { $0.outage = (.blackHole, 9, 10) },
    ]

    private static var bounds: OldServerPolicy.Bounds {
        var bounds = OldServerPolicy.Bounds()
        // So few that servers have to share them.
        bounds.concurrentMoves = 32
        return bounds
    }

    private static func day(only: String? = nil) -> SimulatedDay {
        var day = SimulatedDay(servers, only: only, bounds: bounds)
        day.run()
        return day
    }

    @Test func nobodyWaitsBehindAnotherServerAndALoginForOneMessageAtMost() {
        let day = Self.day()
        Self.report(day)
        for (server, measured) in zip(day.servers, day.measured) {
            let name = Comment(rawValue: server.name)
            // Everything has ended.
            #expect(!day.policy.facts(of: server.endpoint, now: day.moment).isInUse, name)
            #expect(day.left(at: server) == (server.hangsForOneIn.map { server.users / $0 } ?? 0), name)
            // Whatever happens, a login is answered in time.
            #expect(measured.logins.allSatisfy { $0 <= 10 }, name)
            // First runs begin in the order of their logins.
            #expect(measured.firstRuns == measured.firstRuns.sorted(), name)
            if server.outage == nil, server.bears > 1 {
                #expect(measured.tries.keys.allSatisfy { $0 <= 2 }, name)
            }
            if server.outage == nil, server.bears > 1 {
                // For a connection: one message of a move, and what it takes to be refused, closed and opened.
                let longest = server.message.inSeconds + 0.2
                #expect(measured.loginWaits.allSatisfy { $0 <= longest }, name)
            }
            if server.bears <= 16 {
                #expect(server.mostOpen == server.bears, name)
                // Learnt, and tried again now and then: not asked by more than it bears at each login.
                #expect(server.refused <= 16 + 24 * 6, name)
                #expect(measured.news.contains { $0.news == .bearsOnly(connections: server.bears) }, name)
            }
            if server.outage != nil {
                let back = measured.news.first { $0.at >= .hours(10) }
                #expect(back?.news == .answersAgain, name)
                #expect(back.map { $0.at < .hours(10) + .seconds(120) } == true, name)
            }
        }
        #expect(day.policy.movingCount == 0)
        #expect(day.policy.waitingCount == 0)

        // Whoever is at the good server meets the same as if there were no other.
        let alone = Self.day(only: "good").measured[0]
        #expect(day.measured[0].logins == alone.logins)
        #expect(day.measured[0].loginWaits == alone.loginWaits)
        #expect(day.measured[0].tries == alone.tries)
    }

    @Test func aServerMayBeBadInTwoWays() {
        let servers = [
            SimulatedServer("4, hangs", users: 300) { ($0.bears, $0.hangsForOneIn) = (4, 10) },
            SimulatedServer("2, hangs", users: 100) { ($0.bears, $0.hangsForOneIn) = (2, 10) },
            SimulatedServer("1, hangs", users: 50) { ($0.bears, $0.hangsForOneIn) = (1, 10) },
            SimulatedServer("4, sees late", users: 300) { ($0.bears, $0.notices) = (4, .milliseconds(800)) },
            SimulatedServer("2, punishes", users: 200) { ($0.bears, $0.penalises) = (2, true) },
            SimulatedServer("4, goes away", users: 200) { ($0.bears, $0.outage) = (4, (.refusing, 9, 10)) },
            SimulatedServer("answers late", users: 200) { $0.check = .seconds(12) },
            SimulatedServer("1, answers late", users: 50) { ($0.bears, $0.check) = (1, .seconds(12)) },
        ]
        var day = SimulatedDay(servers)
        day.run()
        Self.report(day)
        for (server, measured) in zip(day.servers, day.measured) {
            let name = Comment(rawValue: server.name)
            #expect(!day.policy.facts(of: server.endpoint, now: day.moment).isInUse, name)
            // Whom the old server answers at all has all mail by the evening.
            #expect(day.left(at: server) == (server.hangsForOneIn.map { server.users / $0 } ?? 0), name)
            #expect(measured.logins.allSatisfy { $0 <= 10 }, name)
            #expect(server.mostOpen <= server.bears, name)
            // Nobody is told that a server is away because it bears little, or is slow.
            #expect(server.outage != nil || measured.refusals["unreachable"] == nil, name)
        }
    }

    private static func report(_ day: SimulatedDay) {
        print("a day of \(day.users.count) users, \(day.events) events; quantiles 50 90 99 100 in seconds")
        let columns = [16, 24, 24, 24, 14, 6, 6, 6, 6]
        let titles = [
            "server", "login", "… for a connection", "first run", "tries 1 2 3+", "late", "ways", "most", "no",
        ]
        print(zip(titles, columns).map { $0.padded(to: $1) }.joined())
        for (server, measured) in zip(day.servers, day.measured) {
            let more = measured.tries.filter { $0.key > 2 }.values.reduce(0, +)
            let tries = "\(measured.tries[1] ?? 0) \(measured.tries[2] ?? 0) \(more)"
            let row = [
                server.name, Measurements.quantiles(measured.logins), Measurements.quantiles(measured.loginWaits),
                Measurements.quantiles(measured.runWaits), tries, "\(measured.late)", "\(measured.ways)",
                "\(server.mostOpen)", "\(server.refused)",
            ]
            print(zip(row, columns).map { $0.padded(to: $1) }.joined())
        }
    }
}
