// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// Runs, events, wrong guesses, kept values.
extension TransactionalRecords {
    public func beginRun(of account: AccountRecord.ID, isSuspect: Bool, anew: Bool) async throws {
        try await note { records in
            if anew { try records.endRun(of: account) }
            try records.beginRun(of: account, isSuspect: isSuspect)
        }
    }

    public func suspendRuns(of account: AccountRecord.ID?) async throws {
        try await note { try $0.suspendRuns(of: account) }
    }

    public func chargeRuns() async throws -> [RunDeaths] { try await write { try $0.chargeRuns() } }

    public func events(_ query: EventQuery) async throws -> EventPage? {
        try await read { records in
            let page = try records.events(query)
            // Events of accounts that no longer exist are reported as long as they are kept.
            if page.events.isEmpty, try !records.knows(query.subject.domain) { return nil }
            return page
        }
    }

    public func append(_ events: [EventRecord]) async throws {
        try await write { records in for event in events { try records.append(event) } }
    }

    public func removeIdleEvents(before time: Timestamp) async throws {
        while try await note({ try $0.removeIdleEvents(before: time) }) {}
    }

    public func count(_ failure: GuessFailure, forgettingBefore uptime: Int64?) async throws {
        try await write { records in
            if let uptime { try records.removeFailures(before: uptime) }
            try records.insert(failure)
        }
    }

    public func restoreFailures(at uptime: Int64, since horizon: Int64) async throws -> [GuessFailure] {
        try await write { records in
            try records.restartFailures(at: uptime)
            try records.removeFailures(before: horizon)
            return try records.failures()
        }
    }

    public func kept(_ name: String) async throws -> [UInt8]? { try await read { try $0.value(name) } }

    public func keep(_ values: [String: [UInt8]]) async throws { try await write { try $0.keep(values) } }

    public func kept(orElse values: [String: [UInt8]]) async throws -> [String: [UInt8]] {
        let names = Array(values.keys)
        let there = try await read { try $0.values(names) }
        guard there.isEmpty else { return there }
        return try await write { records in
            let there = try records.values(names)
            guard there.isEmpty else { return there }
            try records.keep(values)
            return values
        }
    }
}

extension RecordsReader {
    fileprivate func values(_ names: [String]) throws -> [String: [UInt8]] {
        var values: [String: [UInt8]] = [:]
        for name in names { values[name] = try value(name) }
        return values
    }
}

extension EventQuery.Subject {
    fileprivate var domain: DomainName {
        switch self {
        case .account(let address): address.domain
        case .domain(let domain): domain
        }
    }
}
