// SPDX-License-Identifier: Apache-2.0

import Ground
import Logging
import MailSource
import OldServerPlaces
import Records
import Secrets
import Synchronization
import Vocabulary
import Waiting

/// Additional connections of a run.
extension Run {
    /// nil where the mailbox has one session at a time, where more have been of no use, or where other nodes count
    /// connections, too: those know of runs alone.
    func convoy(of session: any MailboxSession) -> Convoy? {
        let limits = context.limits.additionalConnections
        guard session.traits.opensOften, !context.records.areShared, limits.most > 0, !needsNoCompany.isSettled else {
            return nil
        }
        let door = CompanionDoor(
            context: context, place: place, control: control, account: account.address, server: settings.oldServer,
            user: user, password: password, isByMaster: isByMaster, main: session, isUseless: needsNoCompany)
        let (log, address) = (context.log, account.address)
        return Convoy(
            main: session, limits: limits, note: { log.debug("\($0)", metadata: .about(address)) },
            mayOpen: { door.mayOpen }, open: { await door.open() }, isUseless: needsNoCompany)
    }
}

/// Opens more sessions of a mailbox, by the login of the first.
private final class CompanionDoor: Sendable {
    private let context: Context
    private let place: RunPlace
    private let control: RunControl
    private let account: EmailAddress
    private let server: OldServer
    private let user: String
    private let password: Password
    private let isByMaster: Bool
    private let main: any MailboxSession
    private let isUseless: Latch<Void>
    /// Whether there was a place, half a second ago at most.
    private let lately = Mutex((isFree: false, at: ContinuousClock.now - .seconds(1)))
    /// Ended when the run is stopped.
    private let lines = Mutex<[any SourceLine]>([])

    private func endAll() {
        main.abort()
        for line in lines.withLock({ $0 }) { line.abort() }
    }

    init(
        context: Context, place: RunPlace, control: RunControl, account: EmailAddress, server: OldServer, user: String,
        password: Password, isByMaster: Bool, main: any MailboxSession, isUseless: Latch<Void>
    ) {
        (self.context, self.place, self.control, self.account, self.server) = (context, place, control, account, server)
        (self.user, self.password, self.isByMaster, self.main) = (user, password, isByMaster, main)
        self.isUseless = isUseless
    }

    /// Asked before each command, while all runs have their eyes on the places.
    var mayOpen: Bool {
        lately.withLock { lately in
            let now = ContinuousClock.now
            if now - lately.at >= .milliseconds(500) { lately = (place.mayAddConnection, now) }
            return lately.isFree
        }
    }

    /// While it is opened, nothing is fetched.
    private static let patience = Duration.seconds(5)
    private static let ofFarewell = 2.0

    func open() async -> Convoy.Companion? {
        guard let additional = place.addConnection() else { return nil }
        guard let session = await sessionInTime(additional) else {
            isUseless.settle(())
            additional.closed()
            place.removeConnection(additional)
            return nil
        }
        return Convoy.Companion(session: session) {
            additional.makesWay
        } close: { [place] isInOrder in
            if isInOrder { _ = try? await withDeadline(seconds: Self.ofFarewell) { try await session.leave() } }
            await session.close()
            additional.closed()
            place.removeConnection(additional)
        }
    }

    /// nil when that takes too long, or the run is stopped.
    private func sessionInTime(_ additional: RunPlace) async -> (any MailboxSession)? {
        let stop = Latch<Void>()
        control.onStop {
            self.endAll()
            stop.settle(())
        }
        return await withTaskGroup(of: (any MailboxSession)?.self) { group in
            group.addTask { await self.session(in: additional) }
            group.addTask {
                try? await pause(for: Self.patience)  // cancelled: the session is there
                return nil
            }
            group.addTask {
                await stop.waitUnlessCancelled()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            for await late in group { late?.abort() }
            return first
        }
    }

    private func session(in additional: RunPlace) async -> (any MailboxSession)? {
        var (opened, hasGreeted): ((any SourceLine)?, Bool) = (nil, false)
        do {
            let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
            (opened, hasGreeted) = (line, true)
            lines.withLock { $0.append(line) }
            additional.greeted()
            // No password is sent to a server that the settings no longer name.
            guard try await context.records.settings(of: account.domain)?.oldServer == server else {
                line.abort()
                return nil
            }
            additional.shown()
            guard
                case .accepted(let session) = try await line.check(
                    server, user: user, password, isByMaster: isByMaster)
            else {
                additional.answered()
                line.abort()
                return nil
            }
            additional.accepted(loginDelay: session.traits.loginDelay ?? 0)
            try await session.enter()
            if session.takeUp(main) { return session }
            session.abort()
        } catch let error as SourceError {
            // Whatever it is: the run goes on as it did.
            context.log.debug("no additional connection: \(error)", metadata: .about(account))
            // What a second session meets says nothing of a login.
            let end = ConnectionEnd(error, hasGreeted: hasGreeted)
            if case .refused = end { _ = await additional.tell(end) }
        } catch {
            context.log.debug("no additional connection: \(error)", metadata: .about(account))
        }
        opened?.abort()
        return nil
    }
}
