// SPDX-License-Identifier: Apache-2.0

import Ground
import Logging
import MailSource
import OldServerPlaces
import Records
import Secrets
import Synchronization
import Vocabulary

/// Additional connections of a run.
extension Run {
    /// nil where the mailbox has one session at a time, or other nodes count connections, too: those know of runs alone.
    func convoy(of session: any MailboxSession) -> Convoy? {
        guard session.traits.opensOften, !context.records.areShared, context.limits.additionalConnections.most > 0
        else {
            return nil
        }
        let door = CompanionDoor(
            context: context, place: place, control: control, account: account.address, server: settings.oldServer,
            user: user, password: password, isByMaster: isByMaster, main: session)
        return Convoy(
            main: session, limits: context.limits.additionalConnections, log: context.log,
            mayOpen: { [place] in place.mayAddConnection }, open: { await door.open() })
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
    /// Ended when the run is stopped.
    private let lines = Mutex<[any SourceLine]>([])

    private func endAll() {
        main.abort()
        for line in lines.withLock({ $0 }) { line.abort() }
    }

    init(
        context: Context, place: RunPlace, control: RunControl, account: EmailAddress, server: OldServer, user: String,
        password: Password, isByMaster: Bool, main: any MailboxSession
    ) {
        (self.context, self.place, self.control, self.account, self.server) = (context, place, control, account, server)
        (self.user, self.password, self.isByMaster, self.main) = (user, password, isByMaster, main)
    }

    func open() async -> Convoy.Companion? {
        guard let additional = place.addConnection() else { return nil }
        guard let session = await session(in: additional) else {
            additional.closed()
            place.removeConnection(additional)
            return nil
        }
        return Convoy.Companion(session: session) {
            additional.makesWay
        } close: { [place] in
            _ = try? await session.leave()  // nothing depends on the farewell
            await session.close()
            additional.closed()
            place.removeConnection(additional)
        }
    }

    private func session(in additional: RunPlace) async -> (any MailboxSession)? {
        var (opened, hasGreeted): ((any SourceLine)?, Bool) = (nil, false)
        do {
            let line = try await context.source.connect(to: server, timeouts: context.timeouts, hiding: password)
            (opened, hasGreeted) = (line, true)
            lines.withLock { $0.append(line) }
            control.onStop { self.endAll() }
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
            _ = await additional.tell(ConnectionEnd(error, hasGreeted: hasGreeted))
        } catch {
            context.log.debug("no additional connection: \(error)", metadata: .about(account))
        }
        opened?.abort()
        return nil
    }
}
