// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@Suite struct JSONDocumentTests {
    @Test(arguments: [
        "null", " true ", "false", "0", "-0", "1.5e-3", "\"\"", "[]", "{}", "[1,2,[3,{}]]", "\t{ \"a\" : [ ] }\r\n",
        #"{"a":1,"A":2,"":3}"#, #""\ud83d\ude00é\"\\\/\b\f\n\r\t""#, "\"é€😀\"",
    ])
    func whatRFC8259CallsJSONIsTaken(_ text: String) throws {
        _ = try document(text)
    }

    @Test(arguments: [
        ("", JSONError.Code.unexpectedEnd), (" ", .unexpectedEnd), ("{", .unexpectedEnd), ("[1,", .unexpectedEnd),
        ("\"abc", .unexpectedEnd), ("tru", .unexpectedEnd), ("-", .unexpectedEnd), ("1.", .unexpectedEnd),
        (#""\u12"#, .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd), ("1e+", .unexpectedEnd),
        ("[1,]", .unexpectedOctet), ("{,}", .unexpectedOctet), ("{\"a\":1,}", .unexpectedOctet),
        ("[,1]", .unexpectedOctet), ("{1:2}", .unexpectedOctet), ("[1 2]", .unexpectedOctet), ("[}", .unexpectedOctet),
        ("{\"a\" 1}", .unexpectedOctet), ("'a'", .unexpectedOctet), ("nul1", .unexpectedOctet),
        ("+1", .unexpectedOctet),
        (".5", .unexpectedOctet), ("NaN", .unexpectedOctet), ("[1}", .unexpectedOctet), ("\u{FEFF}1", .unexpectedOctet),
        ("01", .invalidNumber), ("-x", .invalidNumber), ("1.x", .invalidNumber), ("1ex", .invalidNumber),
        ("1 1", .trailingText), ("{}{}", .trailingText), ("null,", .trailingText),
        ("\"a\nb\"", .controlCharacter), ("\"\u{0}\"", .controlCharacter),
        (#""\x""#, .invalidEscape), (#""\u12g4""#, .invalidEscape),
        (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate), (#""\ud800\u0041""#, .loneSurrogate),
        (#""\ud800x""#, .loneSurrogate),
        (#"{"a":1,"a":2}"#, .duplicateMember), (#"[{"b":{"a":1,"\u0061":2}}]"#, .duplicateMember),
    ])
    func whatIsNotJSONIsRefusedForItsReason(_ text: String, _ code: JSONError.Code) {
        let error = #expect(throws: JSONError.self) { try document(text) }
        #expect(error?.code == code, "\(text)")
        #expect(error?.offset != nil)
    }

    @Test(
        arguments: [
            [0xFF, 0xFE], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0x80], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28],
        ] as [[UInt8]])
    func octetsThatAreNotUTF8AreRefused(_ octets: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONDocument([0x22] + octets + [0x22]) }
        #expect(error?.code == .invalidUTF8)
    }

    @Test func nestingIsTakenTo64LevelsAndCostsNothingBeyond() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: depth) + Array(repeating: UInt8(ascii: "]"), count: depth)
        }
        _ = try JSONDocument(nested(64))
        for depth in [65, 200_000] {
            let error = #expect(throws: JSONError.self) { try JSONDocument(nested(depth)) }
            #expect(error?.code == .nestedTooDeep)
            #expect(error?.offset == 64)
        }
    }

    @Test func aMemberTwiceAmongThousandsIsFound() throws {
        let names = (0..<20_000).map { "\"name\($0)\":\($0)" }
        let whole = try document("{" + names.joined(separator: ",") + "}")
        #expect(whole["name19999"]?.integer == 19_999)
        let error = #expect(throws: JSONError.self) {
            try document("{" + (names + [#""n\u0061me777":0"#]).joined(separator: ",") + "}")
        }
        #expect(error?.code == .duplicateMember)
    }

    @Test func aTruncatedTextIsRefusedWhereverItIsCut() throws {
        let whole = Array(#"{"a":[1.5e3,"x\u00e9\ud83d\ude00é",true,null,{}],"b":{"c":-1}}"#.utf8)
        _ = try JSONDocument(whole)
        for length in 0..<whole.count {
            #expect(throws: JSONError.self) { try JSONDocument(Array(whole[..<length])) }
        }
    }

    @Test func anyOctetsAreEitherReadOrRefused() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0019.eE+- truefalsn\u{1}é".utf8) + [0xFF, 0xF0, 0xD8]
        for _ in 0..<20_000 {
            let octets = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            guard let view = try? JSONDocument(octets).root else { continue }
            #expect((try? JSONDocument(JSONText.encode(JSONValue(view)))) != nil, "\(octets)")
        }
    }
}

@Suite struct JSONViewTests {
    @Test func aViewShowsWhatIsThere() throws {
        let view = try document(#"{"a":[1,"two",null,true,{"x":[]}],"b":"é\n😀","c":{"d":false}}"#)
        #expect(view.kind == .object)
        #expect(view.members.map(\.name) == ["a", "b", "c"])
        let kinds: [JSONView.Kind] = [.number, .string, .null, .bool, .object]
        #expect(try #require(view["a"]).elements.map(\.kind) == kinds)
        #expect(view["b"]?.string == "é\n😀")
        #expect(view["c"]?["d"]?.bool == false)
        #expect(view["d"] == nil)
        #expect(view["a"]?["x"] == nil)
        #expect(view["b"]?.integer == nil)
        #expect(view["b"]?.elements.first { _ in true } == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("-3", -3), ("1e3", 1000), ("1000.0", 1000), ("1.5e1", 15), ("100e-2", 1),
            ("9007199254740991", 9_007_199_254_740_991), ("9223372036854775807", Int64.max),
            ("-9223372036854775808", Int64.min), ("9223372036854775808", nil), ("1e19", nil), ("1.5", nil),
            ("1e-1", nil),
            ("0e999999999999999999999", 0), ("1e999999999999999999999", nil), ("0.000", 0),
            ("922337203685477580.7e1", Int64.max),
            ("10000000000000000000000000000000e-31", 1),
        ] as [(String, Int64?)])
    func numbersAreWholeWhereTheyAre(_ text: String, _ expected: Int64?) throws {
        let view = try document(text)
        #expect(view.integer == expected)
        #expect(view.rawNumber == text)
    }

    @Test func numbersOfDoublePrecision() throws {
        #expect(try document("1.5e-3").double == 0.0015)
        #expect(try document("1e400").double == nil)
        #expect(try document("\"1\"").double == nil)
    }

    /// What rounds to a whole number is written as one, and reads the same again.
    @Test(arguments: [
        ("5e-3459", 0), ("-1e-400", 0), ("1.00000000000000000001", 1), ("4503599627370497.000000001", (1 << 52) + 1),
    ])
    func whatBecomesWholeByRoundingIsWhole(_ text: String, _ expected: Int64) throws {
        let value = JSONValue(try document(text))
        #expect(value == .integer(expected))
        #expect(JSONValue(try JSONDocument(JSONText.encode(value)).root) == value)
    }

    @Test(arguments: ["plain", #"esc\u0061ped\"\n"#, ""])
    func aPasswordIsReadAsOctets(_ escaped: String) throws {
        let view = try document("\"\(escaped)\"")
        let octets = view.withStringOctets { Array($0) }
        #expect(octets.map(text) == view.string)
        #expect(try document("1").withStringOctets { $0.count } == nil)
    }
}
