// SPDX-License-Identifier: Apache-2.0

package import Ground
package import MailSource
package import OldServerPolicy
package import Records
package import Vocabulary

// How old servers, domains and runs are called where their places are handed out.

extension OldServer {
    /// The server as one client of it sees it.
    package var endpoint: OldServerPolicy.Endpoint { OldServerPolicy.Endpoint(host: host, port: port) }
}

extension OldServerPolicy.Domain {
    package init(_ settings: MigrationSettings) {
        self.init(settings.domain, maxConnections: settings.options.maxConnections)
    }
}

extension OldServerPolicy.Bounds {
    package init(_ limits: MoveLimits) {
        self.init()
        concurrentMoves = limits.concurrentMoves
        connectionsPerOldServer = limits.connectionsPerOldServer
        betweenRuns = .seconds(limits.secondsBetweenRuns)
        login = .seconds(limits.loginTimeout)
        keptSession = .seconds(limits.checkedSessionSeconds)
    }
}

extension PendingRun {
    var policyKind: OldServerPolicy.Run.Kind {
        switch kind {
        case .first: .first
        case .incremental, .repeated: .incremental
        case .followUp: .followUp
        case .retry: .retry
        }
    }
}

/// What a failed connection says of the server as a whole.
package enum ConnectionEnd: Sendable, Equatable {
    /// The connection was refused, no account's password.
    case refused(OldServerPolicy.RefusedStep)
    /// It was silent for as long as we read.
    case silent
    /// It has closed a connection that it had greeted.
    case dropped
    /// It has said something.
    case answered
    /// We have given it up ourselves.
    case abandoned

    /// - Parameter hasGreeted: the account is, or is about to be, named.
    package init(_ error: SourceError, hasGreeted: Bool) {
        self =
            switch error.code {
            case .cancelled, .exhausted, .invalidCredentialOctets: .abandoned
            case .untrusted, .protocolViolation, .pipeliningBroken, .refused: .answered
            case .unresolved: .refused(.name)
            case .throttled: .answered
            case .unreachable, .timedOut, .closed, .busy:
                if hasGreeted {
                    switch error.code {
                    case .timedOut: .silent
                    case .busy: .answered
                    default: .dropped
                    }
                } else {
                    switch error.step {
                    case .resolve: .refused(.name)
                    case .connect: .refused(.connection)
                    case .capabilities, .login: .refused(.beforePassword)
                    default: .refused(.greeting)
                    }
                }
            }
    }
}

extension OldServerPolicy.Refusal {
    /// Why nobody is asked, for people.
    package func detail(_ server: OldServer) -> String {
        switch self {
        case .unreachable: "the old server \(server.name) could not be reached lately; it is asked again soon"
        case .silent: "the old server \(server.name) has not answered lately; it is asked again soon"
        case .overloaded, .outOfTime:
            "so many logins wait for the old server \(server.name) that this one would not be answered in time"
        }
    }
}
