// SPDX-License-Identifier: Apache-2.0

import Foundation
public import Secrets

/// Where a platform's accounts are in SQL, and how they are asked for (`accounts.sql.*`).
public struct SQLSettings: Sendable {
    /// What is wrong with them, and where.
    public struct Fault: Error, Hashable, CustomStringConvertible {
        /// Below `accounts.sql`.
        public var key: String
        public var detail: String

        public var description: String { "accounts.sql.\(key) \(detail)" }
    }

    public var url: String
    public var lookup: NamedStatement
    public var replace: NamedStatement
    /// Further hashes of an account.
    public var others: NamedStatement?
    public var list: NamedStatement?
    public var create: NamedStatement?
    /// Whether `lookup` gives the address, so that it is looked up by an index, whatever its collation, and compared here.
    public var givesAddress: Bool
    public var password: Password?
    /// What a question may take.
    public var seconds: Int
    /// Questions at the same time.
    public var connections: Int

    /// - Throws: ``Fault``.
    public init(
        url: String, lookup: String, replace: String, others: String? = nil, list: String? = nil, create: String? = nil,
        givesAddress: Bool = false, password: Password? = nil, seconds: Int = 10, connections: Int = 8
    ) throws(Fault) {
        self.url = url
        self.givesAddress = givesAddress
        self.password = password
        self.seconds = seconds
        self.connections = connections
        self.lookup = try Self.statement("lookup", lookup, "SELECT", ["address"])
        self.replace = try Self.statement("replace", replace, "UPDATE", ["password", "expected"])
        self.others = try others.map { text throws(Fault) in try Self.statement("others", text, "SELECT", ["address"]) }
        self.list = try list.map { text throws(Fault) in try Self.statement("list", text, "SELECT", ["domain"]) }
        self.create = try create.map { text throws(Fault) in try Self.statement("create", text, "INSERT", ["password"])
        }
        _ = try place()
    }

    /// A preset's, each statement of which can be set over.
    /// - Throws: ``Fault``.
    public init(
        _ preset: SQLPreset?, url: String, lookup: String? = nil, replace: String? = nil, others: String? = nil,
        list: String? = nil, create: String? = nil, password: Password? = nil, seconds: Int = 10, connections: Int = 8
    ) throws(Fault) {
        guard let chosen = lookup ?? preset?.lookup else {
            throw Fault(key: "lookup", detail: "must be set where there is no accounts.preset")
        }
        guard let replace = replace ?? preset?.replace else {
            throw Fault(key: "replace", detail: "must be set where there is no accounts.preset")
        }
        try self.init(
            url: url, lookup: chosen, replace: replace, others: others, list: list ?? preset?.list, create: create,
            givesAddress: lookup.map(Self.namesAddress) ?? preset?.givesAddress ?? false, password: password,
            seconds: seconds, connections: connections)
    }

    /// Whether a SELECT gives a column `address`.
    static func namesAddress(_ lookup: String) -> Bool {
        guard let from = lookup.firstRange(of: /(?i)\sfrom\s/) else { return false }
        return lookup[..<from.lowerBound].contains(/(?i)(^|[\s,.`"])address[`"]?\s*(,|$)/)
    }

    /// Whether a statement, or the URL, can be used as the value of `key`.
    /// - Throws: ``Fault``.
    public static func check(_ key: String, _ text: String) throws(Fault) {
        switch key {
        case "url": _ = try place(of: text)
        case "lookup": _ = try statement(key, text, "SELECT", ["address"])
        case "replace": _ = try statement(key, text, "UPDATE", ["password", "expected"])
        case "list": _ = try statement(key, text, "SELECT", ["domain"])
        case "create": _ = try statement(key, text, "INSERT", ["password"])
        default: _ = try statement(key, text, "SELECT", ["address"])
        }
    }

    private static func statement(
        _ key: String, _ text: String, _ verb: String, _ required: [String]
    ) throws(Fault) -> NamedStatement {
        let statement: NamedStatement
        do throws(NamedStatement.Fault) {
            statement = try NamedStatement(text, beginningWith: verb)
        } catch {
            throw Fault(key: key, detail: error.description)
        }
        // The account may be named in parts.
        for name in required where !statement.names.contains(name) {
            guard name == "address", statement.names.isSuperset(of: ["localPart", "domain"]) else {
                throw Fault(key: key, detail: "must use :\(name)")
            }
        }
        return statement
    }

    enum Place: Hashable, Sendable {
        case mysql(MySQLBackend.Place)
        case postgresql(String)
        case sqlite(String)
    }

    /// - Throws: ``Fault``.
    func place() throws(Fault) -> Place { try Self.place(of: url) }

    private static func place(of url: String) throws(Fault) -> Place {
        if url.hasPrefix("sqlite:") {
            let path = String(url.dropFirst(7))
            guard path.hasPrefix("/") else {
                throw Fault(key: "url", detail: "must name an absolute path behind sqlite:")
            }
            return .sqlite(path)
        }
        if url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") {
            guard !hasPassword(url) else { throw withPassword }
            return .postgresql(url)
        }
        guard url.hasPrefix("mysql://") else {
            throw Fault(key: "url", detail: "must begin with mysql://, postgresql:// or sqlite:")
        }
        return .mysql(try mysql(url))
    }

    private static let withPassword = Fault(
        key: "url",
        detail: "must not hold a password: give it in the credential accounts-password or accounts.passwordFile")

    /// What stands between `://` and the next `/`.
    private static func authority(_ url: String) -> Substring {
        guard let start = url.firstRange(of: "://")?.upperBound else { return "" }
        return url[start...].prefix { $0 != "/" && $0 != "?" }
    }

    private static func hasPassword(_ url: String) -> Bool {
        let authority = authority(url)
        if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") { return true }
        return url.contains("?password=") || url.contains("&password=")
    }

    /// `mysql://USER@HOST[:PORT]/DB[?ssl-mode=…]` or `mysql://USER@/DB?socket=PATH`
    private static func mysql(_ url: String) throws(Fault) -> MySQLBackend.Place {
        let form = Fault(
            key: "url", detail: "must be mysql://USER@HOST[:PORT]/DATABASE or mysql://USER@/DATABASE?socket=PATH")
        if hasPassword(url) { throw withPassword }
        let authority = authority(url)
        guard let at = authority.lastIndex(of: "@"),
            let user = String(authority[..<at]).removingPercentEncoding, !user.isEmpty
        else { throw form }
        let rest = url.dropFirst("mysql://".count + authority.count)
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first, path.hasPrefix("/"), path.count > 1 else { throw form }
        var place = MySQLBackend.Place(user: user, database: String(path.dropFirst()))
        if parts.count == 2 {
            for parameter in parts[1].split(separator: "&", omittingEmptySubsequences: false) {
                let pair = parameter.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2, let value = String(pair[1]).removingPercentEncoding, !value.isEmpty else {
                    throw form
                }
                try place.set(String(pair[0]), value)
            }
        }
        var host = authority[authority.index(after: at)...]
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            guard let port = Int(host[host.index(after: colon)...]), (1...65535).contains(port) else { throw form }
            place.port = port
            host = host[..<colon]
        }
        place.host = String(host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host)
        guard !place.host.isEmpty || place.socket != nil else { throw form }
        if place.socket != nil, place.tls != MySQLBackend.TLS() {
            throw Fault(key: "url", detail: "has no use for ssl-… where it names a socket")
        }
        if place.tls.mode == .verifyAuthority, place.tls.authorities == nil {
            throw Fault(key: "url", detail: "needs ssl-ca=PATH for ssl-mode=verify-ca")
        }
        return place
    }
}

extension MySQLBackend.Place {
    /// A parameter of the URL; those of TLS have the names that MySQL's own programs give them.
    fileprivate mutating func set(_ name: String, _ value: String) throws(SQLSettings.Fault) {
        switch name {
        case "socket": socket = value
        case "ssl-mode":
            let modes = MySQLBackend.TLS.Mode.allCases.map(\.rawValue)
            guard let mode = MySQLBackend.TLS.Mode(rawValue: value.lowercased().replacing("_", with: "-")) else {
                throw SQLSettings.Fault(key: "url", detail: "knows ssl-mode as \(modes.joined(separator: ", "))")
            }
            tls.mode = mode
        case "ssl-ca": tls.authorities = value
        case "ssl-cert": tls.certificate = value
        case "ssl-key": tls.key = value
        default:
            throw SQLSettings.Fault(
                key: "url", detail: "knows no \(name); known are socket, ssl-mode, ssl-ca, ssl-cert and ssl-key")
        }
    }
}
