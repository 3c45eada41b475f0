// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

private struct Server: Codable, Equatable {
    enum Security: String, Codable { case none, tls }
    var host: String
    var port: Int?
    var security: Security?
}

private struct Settings: Codable, Equatable {
    var domain: String
    var oldServer: Server
    var known: [String]?
    var weights: [String: Double] = [:]
    var isOn = true
    var depth: [[Int8]] = []
    var big: UInt64 = .max
    var ratio: Float = 0.5
}

private struct Secret: OctetsDecodable, OctetsEncodable, Equatable {
    struct Empty: Error {}
    var octets: [UInt8]

    init(_ text: String) { octets = Array(text.utf8) }

    init(jsonString octets: UnsafeRawBufferPointer) throws {
        guard !octets.isEmpty else { throw Empty() }
        self.octets = Array(octets)
    }

    func withJSONString<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try octets.withUnsafeBytes(body)
    }
}

private struct Account: Codable, Equatable {
    var address: String
    var password: Secret?
    var more: [Secret] = []
    var named: [String: Secret] = [:]
}

private class Base: Codable {
    var a = 1
    init() {}
}

private final class Derived: Base {
    var b = "x"
    private enum CodingKeys: String, CodingKey { case b }
    override init() { super.init() }
    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        b = try container.decode(String.self, forKey: .b)
        try super.init(from: container.superDecoder())
    }
    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let parent = container.superEncoder()
        try container.encode(b, forKey: .b)
        try super.encode(to: parent)  // after a member that stands behind it
    }
}

private struct Interleaved: Encodable {
    enum Key: String, CodingKey { case a, b, c }
    func encode(to encoder: any Encoder) throws {
        var whole = encoder.container(keyedBy: Key.self)
        var first = whole.nestedUnkeyedContainer(forKey: .a)
        var second = whole.nestedContainer(keyedBy: Key.self, forKey: .b)
        try second.encode(2, forKey: .a)
        try first.encode(1)
        try whole.encode(true, forKey: .c)
        var third = first.nestedContainer(keyedBy: Key.self)
        try second.encodeNil(forKey: .c)
        try third.encode("x", forKey: .b)
        try first.encode(3)
    }
}

@Suite struct JSONCodingTests {
    @Test func aValueComesBackAsItWasWritten() throws {
        let settings = Settings(
            domain: "é\u{0}\"\\/\u{1F}😀\n", oldServer: Server(host: "h", port: nil, security: .tls), known: ["a", "b"],
            weights: ["x": 1.25, "": -3], depth: [[1, -128], [], [127]])
        let written = try JSONText.encode(settings)
        #expect(try JSONDocument(written).root.decode(Settings.self) == settings)
        #expect(text(written).contains(#""domain":"é\u0000\"\\/\u001f😀\n""#))
        #expect(!text(written).contains("port"))
    }

    @Test func classesAndInterleavedContainersAreWrittenWhole() throws {
        #expect(text(try JSONText.encode(Derived())) == #"{"super":{"a":1},"b":"x"}"#)
        #expect(try document(#"{"super":{"a":7},"b":"y"}"#).decode(Derived.self).a == 7)
        #expect(text(try JSONText.encode(Interleaved())) == #"{"a":[1,{"b":"x"},3],"b":{"a":2,"c":null},"c":true}"#)
        #expect(text(try JSONText.encode([Interleaved()])) == #"[{"a":[1,{"b":"x"},3],"b":{"a":2,"c":null},"c":true}]"#)
    }

    @Test func valuesByThemselvesAreTexts() throws {
        #expect(text(try JSONText.encode(Int64.min)) == "-9223372036854775808")
        #expect(text(try JSONText.encode(["a": [Int?.none, 1]])) == #"{"a":[null,1]}"#)
        #expect(text(try JSONText.encode(Server.Security.tls)) == "\"tls\"")
        #expect(text(try JSONText.encode([String: Int]())) == "{}")
        #expect(text(try JSONText.encode([0.5, 1e300])) == "[0.5,1e+300]")
        #expect(try document("[1,null,3]").decode([Int?].self) == [1, nil, 3])
        #expect(try document(#"{"a":{"1":true}}"#).decode([String: [Int: Bool]].self) == ["a": [1: true]])
    }

    @Test func passwordsNeverBecomeStrings() throws {
        let account = Account(address: "a@b", password: Secret("p\"w"), more: [Secret("1")], named: ["x": Secret("2")])
        let written = try JSONText.encode(account)
        #expect(try JSONDocument(written).root.decode(Account.self) == account)
        #expect(text(written).contains(#""password":"p\"w""#))
    }

    @Test(arguments: [
        (#"{"domain":"d"}"#, "oldServer", JSONError.Code.missingMember),
        (#"{"domain":"d","oldServer":{"host":1}}"#, "oldServer.host", .typeMismatch),
        (#"{"domain":"d","oldServer":{"host":"h","port":1.5}}"#, "oldServer.port", .outOfRange),
        (#"{"domain":"d","oldServer":{"host":"h","port":1e30}}"#, "oldServer.port", .outOfRange),
        (#"{"domain":"d","oldServer":{"host":"h","port":"1"}}"#, "oldServer.port", .typeMismatch),
        (#"{"domain":"d","oldServer":{"host":"h","security":"x"}}"#, "oldServer.security", .invalidValue),
        (#"{"domain":"d","oldServer":{"host":"h"},"known":["a",2]}"#, "known[1]", .typeMismatch),
        (#"{"domain":"d","oldServer":[]}"#, "oldServer", .typeMismatch),
        (#"{"domain":"d","oldServer":{"host":"h"},"weights":{"a":{}}}"#, "weights.a", .typeMismatch),
        ("[]", "", .typeMismatch),
    ])
    func anErrorNamesTheMemberThatIsToBlame(_ text: String, _ path: String, _ code: JSONError.Code) throws {
        let params = try document(#"{"params":\#(text)}"#)["params"]
        let error = #expect(throws: JSONError.self) { try params?.decode(Settings.self) }
        #expect(error?.path == path)
        #expect(error?.code == code)
    }

    @Test func aPasswordThatItsTypeRefusesIsNamedAndNotShown() throws {
        let view = try document(
            #"[{"address":"a","more":[],"named":{}},{"address":"a","password":"","more":[],"named":{}}]"#)
        let error = #expect(throws: JSONError.self) { try view.decode([Account].self) }
        #expect(error?.path == "[1].password")
        #expect(error?.cause is Secret.Empty)
        let wrong = #expect(throws: JSONError.self) { try document(#"{"password":7}"#).decode([String: Secret].self) }
        #expect(wrong?.path == "password")
        #expect(wrong?.code == .typeMismatch)
    }

    @Test func aNumberThatJSONDoesNotHaveIsAnError() throws {
        var octets = Array("kept".utf8)
        let error = #expect(throws: JSONError.self) {
            try JSONText.encode(["a": [["b": 1.0], ["b": Double.nan]]], into: &octets)
        }
        #expect(error?.code == .nonFiniteNumber)
        #expect(error?.path == "a[1].b")
        #expect(text(octets) == "kept")
    }

    @Test func objectsOfManyMembersAreDecodedByName() throws {
        let many = Dictionary(uniqueKeysWithValues: (0..<5000).map { ("key\($0)", $0) })
        #expect(try JSONDocument(JSONText.encode(many)).root.decode([String: Int].self) == many)
    }
}

@Suite struct JSONValueTests {
    @Test func aBuiltDocumentKeepsItsOrder() throws {
        var value: JSONObject = ["z": 1, "a": [true, nil, 1.5, "x"], "m": ["k": "v"]]
        #expect(text(try JSONText.encode(value)) == #"{"z":1,"a":[true,null,1.5,"x"],"m":{"k":"v"}}"#)
        value["z"] = nil
        value["a"] = 2
        #expect(text(try JSONText.encode(value)) == #"{"a":2,"m":{"k":"v"}}"#)
    }

    @Test func aViewBecomesAValueAndComesBack() throws {
        let source = #"{"a":[1,-2.5,null,false,"é"],"b":{}}"#
        let value = JSONValue(try document(source))
        #expect(text(try JSONText.encode(value)) == source)
        #expect(try document(source).decode(JSONValue.self) == value)
        #expect(value["a"]?[0]?.integer == 1)
        #expect(value["a"]?[1]?.double == -2.5)
        #expect(value["a"]?[9] == nil)
    }
}
