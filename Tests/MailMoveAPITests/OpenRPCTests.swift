// SPDX-License-Identifier: Apache-2.0

import JSONWire
import MailMoveAPI
import Testing

@Suite struct OpenRPCTests {
    @Test(arguments: Role.allCases)
    func everyReferenceLeadsSomewhere(_ role: Role) throws {
        let document = try OpenRPC.document(for: role)
        var references: Set<String> = []
        collect(document, into: &references)
        #expect(!references.isEmpty)
        for reference in references {
            let name = try #require(reference.split(separator: "/").last)
            #expect(reference == "#/components/schemas/\(name)")
            #expect(document["components"]?["schemas"]?[String(name)]?.object != nil, "\(reference)")
        }
    }

    private func collect(_ value: JSONValue, into references: inout Set<String>) {
        switch value {
        case .object(let object):
            for member in object.members {
                if member.name == "$ref", let reference = member.value.string { references.insert(reference) }
                collect(member.value, into: &references)
            }
        case .array(let elements): for element in elements { collect(element, into: &references) }
        default: break
        }
    }

    @Test func everyMethodIsDescribed() throws {
        let document = try OpenRPC.document(for: .admin)
        #expect(document["openrpc"]?.string?.hasPrefix("1.") == true)
        #expect(document["info"]?["version"]?.string?.isEmpty == false)
        let methods = try #require(document["methods"]?.array)
        #expect(methods.compactMap { $0["name"]?.string } == Contract.methods.map(\.name))
        for method in methods {
            #expect(method["result"]?["schema"]?.object != nil)
            for parameter in method["params"]?.array ?? [] {
                #expect(parameter["name"]?.string != nil && parameter["schema"]?.object != nil)
                #expect(parameter["required"]?.bool != nil)
            }
        }
    }

    @Test(arguments: Role.allCases)
    func itsTextIsItsValue(_ role: Role) throws {
        let value = try JSONDocument(OpenRPC.text(for: role)).root.decode(JSONValue.self)
        #expect(try value == OpenRPC.document(for: role))
    }

    @Test func theLoginSocketIsToldOfItsOwnMethods() throws {
        let names = try OpenRPC.document(for: .login)["methods"]?.array?.compactMap { $0["name"]?.string }
        #expect(names?.contains("authenticate") == true)
        #expect(names?.contains("createAccounts") == false)
    }

    @Test func requiredIsWhatTheCheckInsistsOn() throws {
        let methods = try #require(try OpenRPC.document(for: .admin)["methods"]?.array)
        for (described, method) in zip(methods, Contract.methods) {
            for parameter in described["params"]?.array ?? [] {
                let name = try #require(parameter["name"]?.string)
                guard var given = method.exampleParameters.object, given[name] != nil else { continue }
                given[name] = nil
                let violation = method.parameterSchema.violation(in: try view(.object(given)))
                #expect(
                    (violation?.parameter == name) == (parameter["required"]?.bool == true), "\(method.name).\(name)")
            }
        }
    }

    @Test func defaultsAndBoundsAreTold() throws {
        let schemas = try OpenRPC.document(for: .admin)["components"]?["schemas"]
        let server = schemas?["OldServerParameters"]
        #expect(server?["required"] == ["host"])
        #expect(server?["additionalProperties"] == false)
        #expect(server?["properties"]?["port"]?["maximum"] == 65535)
        #expect(server?["properties"]?["port"]?["type"] == ["integer", "null"])
        #expect(server?["properties"]?["security"]?["default"] == "opportunistic")
        #expect(server?["properties"]?["security"]?["enum"] == ["none", "opportunistic", "starttls", "tls", nil])
    }
}
