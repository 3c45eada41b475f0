// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SQLDirectory

@Suite struct NamedStatementTests {
    @Test(arguments: [
        (
            "SELECT password FROM users WHERE address = :address AND d=:domain OR a = :address",
            "SELECT password FROM users WHERE address = $1 AND d=$2 OR a = $1", ["address", "domain"]
        ),
        // Casts, literals, quoted names and comments name no parameters.
        (
            "SELECT password::text, phone = ':address' AS x FROM \"a:domain\" WHERE u = :address::text -- :domain\n",
            "SELECT password::text, phone = ':address' AS x FROM \"a:domain\" WHERE u = $1::text -- :domain\n",
            ["address"]
        ),
        ("SELECT 'it''s :domain' /* :password */, :address", "SELECT 'it''s :domain' /* :password */, $1", ["address"]),
        ("SELECT $tag$ :domain $tag$, `:domain`, :address", "SELECT $tag$ :domain $tag$, `:domain`, $1", ["address"]),
        ("SELECT 'a\\':domain', :address", "SELECT 'a\\':domain', $1", ["address"]),
        ("SELECT 10:30, :address", "SELECT 10:30, $1", ["address"]),
    ])
    func parametersAreFoundWhereTheyAre(_ text: String, _ numbered: String, _ names: [String]) throws {
        let statement = try NamedStatement(text, beginningWith: "SELECT")
        #expect(statement.numbered.text == numbered && statement.numbered.names == names)
        #expect(statement.names == Set(names))
        #expect(statement.named == text)
    }

    @Test func eachPlaceIsItsOwnWhereTheyHaveNoNumbers() throws {
        let statement = try NamedStatement("SELECT :domain, :address, :domain", beginningWith: "SELECT")
        let positional = statement.positional { $0 == "address" ? "BINARY ?" : "?" }
        #expect(positional.text == "SELECT ?, BINARY ?, ?")
        #expect(positional.names == ["domain", "address", "domain"])
    }

    @Test(arguments: [
        ("", "must be one SELECT"), ("UPDATE users SET a = :address", "must be one SELECT"),
        ("SELECT :adress", "names :adress; known are :address"), ("SELECT 'open", "ends within"),
        ("SELECT /* open", "ends within"), ("SELECT $$ open", "ends within"),
    ])
    func whatIsWrongIsSaid(_ text: String, _ fault: String) {
        let error = #expect(throws: NamedStatement.Fault.self) { try NamedStatement(text, beginningWith: "SELECT") }
        #expect(error?.description.contains(fault) == true)
    }

    @Test(arguments: [
        ("mysql://m@h/db", SQLSettings.Place.mysql(.init(user: "m", host: "h", database: "db"))),
        ("mysql://m@h:3307/db", .mysql(.init(user: "m", host: "h", port: 3307, database: "db"))),
        ("mysql://m@[::1]:3307/db", .mysql(.init(user: "m", host: "::1", port: 3307, database: "db"))),
        ("mysql://m%40x@/db?socket=/run/my.sock", .mysql(.init(user: "m@x", socket: "/run/my.sock", database: "db"))),
        ("postgresql://m@h/db?sslmode=require", .postgresql("postgresql://m@h/db?sslmode=require")),
        ("sqlite:/var/lib/a.db", .sqlite("/var/lib/a.db")),
    ])
    func placesAreRead(_ url: String, _ place: SQLSettings.Place) throws {
        #expect(try settings(url).place() == place)
    }

    @Test(arguments: [
        "mysql://h/db", "mysql://m@/db", "mysql://m@h", "mysql://m@h:0/db", "mysql://m@h/db?ssl=1", "sqlite:a.db",
        "mysql://m@h/db?ssl-mode=maybe", "mysql://m@h/db?ssl-mode=verify-ca", "mysql://m@h/db?ssl-ca=",
        "mysql://m@/db?socket=/s&ssl-mode=required", "postgresql://h/db?password=secret-1",
        "ldap://h", "", "mysql://m:secret-1@h/db", "postgresql://m:secret-1@h/db",
    ])
    func whatIsNoPlaceIsRefusedWithoutTellingAPassword(_ url: String) {
        let error = #expect(throws: SQLSettings.Fault.self) { try settings(url) }
        #expect(error?.key == "url" && error?.description.contains("secret-1") == false)
    }

    @Test func statementsNeedTheirParameters() {
        func fault(_ lookup: String, _ replace: String) -> String? {
            do throws(SQLSettings.Fault) {
                _ = try SQLSettings(url: "sqlite:/a", lookup: lookup, replace: replace)
                return nil
            } catch {
                return error.description
            }
        }
        let (lookup, replace) = ("SELECT p WHERE a = :address", "UPDATE u SET p = :password WHERE p = :expected")
        #expect(fault(lookup, replace) == nil)
        #expect(fault("SELECT p WHERE a = :localPart AND d = :domain", replace) == nil)
        #expect(fault("SELECT p", replace) == "accounts.sql.lookup must use :address")
        #expect(fault(lookup, "UPDATE u SET p = :password") == "accounts.sql.replace must use :expected")
        #expect(fault(lookup, "DELETE FROM u")?.contains("must be one UPDATE") == true)
    }

    @Test(arguments: SQLPreset.all) func presetsAreWellFormed(_ preset: SQLPreset) throws {
        _ = try SQLSettings(preset, url: "sqlite:/a")
        #expect(SQLPreset.named(preset.name) == preset)
    }

    private func settings(_ url: String) throws -> SQLSettings {
        try SQLSettings(
            url: url, lookup: "SELECT p WHERE a = :address", replace: "UPDATE u SET p = :password WHERE p = :expected")
    }
}
