// SPDX-License-Identifier: Apache-2.0

import CPostgreSQL
import Glibc

/// Where a database is: a URL, and what else libpq is told. It may hold a password and is never printed.
package struct PostgreSQLPlace: Sendable {
    /// For people: hosts and database, without user and password.
    package let subject: String
    /// In order; what comes later overrides what came before.
    fileprivate(set) var parameters: [(name: String, value: String)]
    /// Whether the URL itself holds a password.
    package let holdsPassword: Bool

    /// What the URL does not say.
    package mutating func prefer(_ name: String, _ value: String) { parameters.insert((name, value), at: 0) }

    /// Whatever the URL says.
    package mutating func set(_ name: String, _ value: String) { parameters.append((name, value)) }
}

extension PostgreSQL {
    /// Reads a URL as libpq does, which adds what it knows from its environment and service file when it connects.
    /// - Parameter keepsPassword: false takes a password in it out.
    /// - Throws: what is wrong with it; no part of the URL that may be a password is in the message.
    package func place(of url: String, keepsPassword: Bool = true) throws(PostgreSQLFailure) -> PostgreSQLPlace {
        guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
            throw PostgreSQLFailure("a URL of a PostgreSQL database begins with postgresql://")
        }
        var words: UnsafeMutablePointer<CChar>?
        guard let options = parse(url, &words) else {
            defer { if let words { freeMemory(words) } }
            let said = words.map { PostgreSQLFailure.line($0) } ?? "it gives no reason"
            // libpq quotes the URL, or a part of it.
            let reason = said.prefix { $0 != ":" && $0 != "\"" }.trimmed
            throw PostgreSQLFailure("libpq does not read this URL (\(reason))")
        }
        defer { freeOptions(options) }
        var said: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { said[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        let holdsPassword = !(said["password"] ?? "").isEmpty
        let hosts = (said["host"] ?? said["hostaddr"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let ports = (said["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let places = hosts.enumerated().map { index, host in
            let port = ports.count == hosts.count ? ports[index] : ports.first ?? ""
            return host.isEmpty ? "its default host" : port.isEmpty ? String(host) : "\(host):\(port)"
        }
        let database = said["dbname"].map { "\($0) at " } ?? ""
        if !keepsPassword { said["password"] = nil }
        // As single parameters: a URL in `dbname` would bring its password along.
        return PostgreSQLPlace(
            subject: "\(database)\(places.isEmpty ? "its default host" : places.joined(separator: ", "))",
            parameters: said.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }, holdsPassword: holdsPassword)
    }

    /// Connects; blocks until then, for the place's `connect_timeout` for each of its hosts at most.
    package func connect(_ place: PostgreSQLPlace) throws(PostgreSQLFailure) -> PostgreSQLConnection {
        let connection = withTexts(place.parameters.map(\.name)) { names in
            withTexts(place.parameters.map(\.value)) { values in connectFunction(names, values, 0) }
        }
        guard let connection else { throw PostgreSQLFailure("libpq is out of memory", isLost: true) }
        guard status(connection) == CONNECTION_OK else {
            defer { finish(connection) }
            throw PostgreSQLFailure(PostgreSQLFailure.line(errorMessage(connection)), isLost: true)
        }
        // Notices would go to standard error.
        _ = silence(connection, { _, _ in }, nil)
        _ = setNonblocking(connection, 1)
        return PostgreSQLConnection(connection, self)
    }
}

extension Substring {
    fileprivate var trimmed: String { split(separator: " ").joined(separator: " ") }
}

/// Calls `body` with the texts as C strings, ended by NULL.
func withTexts<Result>(
    _ texts: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = texts.map { text in text.flatMap { strdup($0) } }
    defer {
        for copy in copies {
            guard let copy else { continue }
            explicit_bzero(copy, strlen(copy))  // a password may be among them
            free(copy)
        }
    }
    return body(copies.map { UnsafePointer($0) } + [nil])
}
