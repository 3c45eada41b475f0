// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Testing
import Vocabulary

@Suite struct ContractTests {
    @Test(arguments: Contract.methods.map(\.name))
    func anExampleIsWhatItsSchemaSays(_ name: String) throws {
        let method = try #require(Contract.method(named: name))
        #expect(method.parameterSchema.violation(in: try view(method.exampleParameters)) == nil)
        #expect(method.resultSchema.violation(in: try view(method.exampleResult())) == nil)
    }

    @Test(arguments: Contract.methods.map(\.name))
    func aResultsSchemaNamesEveryMemberInOrder(_ name: String) throws {
        let method = try #require(Contract.method(named: name))
        try expectSameMembers(method.resultSchema, try method.exampleResult(), at: name)
    }

    /// Of objects that a schema describes, all required members are there, in the order of the schema.
    private func expectSameMembers(_ schema: Schema, _ value: JSONValue, at path: String) throws {
        switch (schema, value) {
        case (.object(let object), .object(let given)):
            let names = given.members.map(\.name)
            let known = object.members.map(\.name)
            #expect(names == known.filter(names.contains), "\(path)")
            for member in object.members {
                guard let inner = given[member.name] else { continue }
                try expectSameMembers(member.schema, inner, at: "\(path).\(member.name)")
            }
        case (.array(let element), .array(let values)):
            for value in values { try expectSameMembers(element, value, at: "\(path)[]") }
        case (.orNull(let inner), let value) where value != .null: try expectSameMembers(inner, value, at: path)
        case (.either(let schemas), let value):
            let fitting = schemas.first { (try? $0.violation(in: view(value))) == .some(nil) }
            try expectSameMembers(try #require(fitting), value, at: path)
        default: break
        }
    }

    @Test func parametersAreObjects() {
        for method in Contract.methods { #expect(method.exampleParameters.object != nil, "\(method.name)") }
    }

    @Test func aNameStandsForOneMethod() {
        #expect(Set(Contract.methods.map(\.name)).count == Contract.methods.count)
    }

    @Test func theLoginSocketMayCallWhatALoginNeeds() {
        let names = Set(Contract.methods.filter { $0.role == .login }.map(\.name))
        #expect(
            names == [
                "authenticate", "triggerMigration", "queryStatus", "watchStatus", "unwatch", "rpc.discover", "ping",
            ])
    }

    @Test func watchingADomainIsTheAdministrators() throws {
        #expect(try Contract.watchStatus.parameters(#"{"account":"ann@example.com"}"#).role == .login)
        #expect(try Contract.watchStatus.parameters(#"{"domain":"example.com"}"#).role == .admin)
    }

    @Test func whatAClientWritesTheDaemonReads() throws {
        func roundTrip(_ method: some Method) throws {
            let parameters = try method.parameters(from: view(method.exampleParameters))
            #expect(try view(text(parameters)).decode(JSONValue.self) == method.exampleParameters, "\(method.name)")
        }
        for method in Contract.methods { try roundTrip(method) }
    }

    @Test func aWatchsSnapshotTellsAnAccountFromADomain() throws {
        let domain = try EmailAddress("ann@example.com").domain
        let snapshot = WatchSnapshot.domain(
            DomainSnapshot(domain: domain, counts: StatusCounts(completed: 2), total: 2, moving: []))
        #expect(try view(text(snapshot)).decode(WatchSnapshot.self) == snapshot)
        let account: WatchSnapshot = try view(Contract.watchStatus.exampleResult()).decode()
        guard case .account = account else {
            Issue.record("an account's snapshot was taken for a domain's")
            return
        }
    }
}
