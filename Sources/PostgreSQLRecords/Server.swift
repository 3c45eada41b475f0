// SPDX-License-Identifier: Apache-2.0

import PostgreSQL
import RecordForms
import Records
import Synchronization

/// What is asked of the database, how long it is waited for, and what to say when it fails.
struct Server: Sendable {
    let library: PostgreSQL
    let place: PostgreSQLPlace
    let settingsMemo = SettingsMemo()
    let onDamage: @Sendable (RecordsError) -> Void
    let membership = Membership()
    /// This node among those that share the database.
    var node: Int32 { membership.number }
    private let told = ToldDamages()

    /// How long a statement is waited for, in seconds: as long as a login has patience. The database gives up a little
    /// sooner.
    let patience = 5.0
    /// The same, for what looks at a whole domain.
    static let longPatience = 3600.0
    /// How long a lock of another transaction is waited for.
    static let lockSeconds = 3

    init(
        _ library: PostgreSQL, _ place: PostgreSQLPlace,
        onDamage: @escaping @Sendable (RecordsError) -> Void
    ) {
        var place = place
        // What a URL may say otherwise: a connection is never made to a standby, and ends soon after its other end did.
        for (name, value) in [
            ("target_session_attrs", "read-write"), ("connect_timeout", "5"), ("tcp_user_timeout", "10000"),
            ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
            ("application_name", "mailmove"),
        ] {
            place.prefer(name, value)
        }
        place.set("client_encoding", "UTF8")
        self.library = library
        self.place = place
        self.onDamage = onDamage
    }

    enum Scope: String { case transaction = "LOCAL", session = "SESSION" }

    /// Limits, in the session where it is this connection's own, else in each transaction: a pooler passes on what a
    /// session was begun with to whoever comes next, or to nobody.
    func limits(in scope: Scope) -> String {
        let set = "SET \(scope.rawValue)"
        return """
            \(set) statement_timeout = '\(Int(patience * 900))ms'; \(set) lock_timeout = '\(Self.lockSeconds)s'; \
            \(set) idle_in_transaction_session_timeout = '10s'
            """
    }

    /// What begins a transaction.
    func beginning(_ script: String, on connection: PostgreSQLConnection) -> String {
        connection.isDirect ? script : "\(script); \(limits(in: .transaction))"
    }
}

extension Server {
    /// The error as shown to the outside.
    func error(_ error: any Error) -> any Error {
        guard let failure = error as? PostgreSQLFailure else { return error }
        return self.error(failure)
    }

    func error(_ failure: PostgreSQLFailure) -> RecordsError {
        switch failure.state {
        case let state where failure.isLost && state.isEmpty: unavailable("cannot be reached (\(failure))")
        case "53100", "53200", "53300", "53400": unavailable("has no room for this (\(failure)); look at its server")
        case "40001", "40P01", "55P03", "57014": unavailable("has not found time for this (\(failure))")
        case "42501": unavailable("does not let this user do this (\(failure)); make the user its owner")
        case "25006": unavailable("takes no changes, as a standby does not (\(failure))")
        case let state where state.hasPrefix("23") || state.hasPrefix("22"):
            RecordsError(code: .conflict, detail: "The change contradicts \(name): \(failure).")
        case let state where state.hasPrefix("42") || state.hasPrefix("XX"):
            corrupt("its tables are not as this version made them: \(failure)")
        default: unavailable("does not do this at present (\(failure))")
        }
    }

    private var name: String { "the database \(place.subject)" }

    func unavailable(_ what: String) -> RecordsError {
        RecordsError(code: .unavailable, detail: "The database \(place.subject) \(what).")
    }

    func corrupt(_ what: String) -> RecordsError {
        RecordsError(
            code: .corrupt,
            detail: """
                The database \(place.subject) is damaged (\(what)). Stop all daemons that use it, keep a copy of it \
                (pg_dump), and restore a backup.
                """)
    }

    var newer: RecordsError {
        RecordsError(
            code: .newer,
            detail: """
                The database \(place.subject) was written by a newer version of mailmoved and was left as it is. \
                Install that version here, too, or restore the backup made before it ran.
                """)
    }

    var foreign: RecordsError {
        RecordsError(
            code: .corrupt,
            detail: """
                The database \(place.subject) is another program's. It was left as it is; make one of its own for \
                mailmove (createdb), and name that.
                """)
    }

    var closed: RecordsError {
        RecordsError(code: .closed, detail: "The database \(place.subject) is closed: the program shuts down.")
    }

    /// The records of a body were used after its end, or on another thread.
    var outOfTurn: RecordsError {
        RecordsError(
            code: .closed,
            detail: "The database \(place.subject) was asked outside the read or write that it was opened for.")
    }

    /// The run that a change belongs to is another node's by now.
    var superseded: RecordsError {
        RecordsError(
            code: .superseded,
            detail: "Another node has taken the run over, because this one has given no sign of life for a lease.")
    }

    /// Somebody else was first; the body is run again on what they have left.
    var overtaken: PostgreSQLFailure { PostgreSQLFailure("another node was first", state: "40001") }
}

extension Server {
    /// Reports a row that was passed over so that it holds up no other; its own account or domain is told when it asks
    /// for it.
    func pass(over damage: Damage) {
        guard told.isNew(damage.detail) else { return }
        onDamage(corrupt(damage.detail))
    }
}

/// Damaged rows reported since the start.
private final class ToldDamages: Sendable {
    private let details = Mutex<Set<String>>([])

    func isNew(_ detail: String) -> Bool {
        // Beyond this many, another one adds nothing.
        details.withLock { $0.count < 1000 && $0.insert(detail).inserted }
    }
}
