// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Testing

@Suite struct RPCMessageTests {
    @Test(arguments: [
        (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, -32700, "null"),
        ("", -32700, "null"), ("[1", -32700, "null"),
        (#"{"jsonrpc":"2.0","jsonrpc":"2.0","method":"a"}"#, -32700, "null"),
        (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, -32600, "null"), ("[]", -32600, "null"),
        (#"{"jsonrpc":"1.0","id":4,"method":"ping"}"#, -32600, "4"), (#"{"id":4,"method":"ping"}"#, -32600, "4"),
        (#"{"jsonrpc":2.0,"id":4,"method":"ping"}"#, -32600, "4"), (#"{"jsonrpc":"2.0","id":"x"}"#, -32600, "\"x\""),
        ("3", -32600, "null"), (#""x""#, -32600, "null"), ("null", -32600, "null"),
        (#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, "null"),
        (#"{"jsonrpc":"2.0","id":[],"method":"ping"}"#, -32600, "null"),
        (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, -32600, "null"),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#, -32600, "1"),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, -32600, "1"),
        (#"{"foo":"boo"}"#, -32600, "null"),
    ])
    func whatIsNoRequestIsAnsweredAsTheSpecificationHasIt(_ text: String, _ code: Int, _ id: String) {
        guard case .single(.invalid(let answerID, let error)) = RPCMessage(line: line(text)) else {
            Issue.record("taken: \(text)")
            return
        }
        var octets: [UInt8] = []
        answerID.append(to: &octets)
        #expect(error.code == code)
        #expect(JSONWireTests.text(octets) == id)
    }

    @Test(arguments: ["0", "-3", "1000.0", "1e3", "9007199254740991", #""""#, #""é\u0000x""#, "null"])
    func idsOfEveryKindComeBackAsSent(_ id: String) throws {
        guard
            case .single(.request(let request)) = RPCMessage(
                line: line(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)),
            let requestID = request.id
        else {
            Issue.record("refused: \(id)")
            return
        }
        #expect(
            text(RPCText.replyOpening(id: requestID) + Array("{}}".utf8))
                == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
    }

    @Test func aNotificationHasNoID() {
        guard
            case .single(.request(let request)) = RPCMessage(
                line: line(#"{"jsonrpc":"2.0","method":"p","params":[1]}"#))
        else {
            Issue.record("refused")
            return
        }
        #expect(request.isNotification)
        #expect(request.params?.kind == .array)
    }

    @Test func aBatchHasMembersOfEveryKind() {
        let text = #"[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"b"},1,{"foo":"boo"},[]]"#
        guard case .batch(let members) = RPCMessage(line: line(text)) else {
            Issue.record("no batch")
            return
        }
        #expect(
            members.map {
                switch $0 {
                case .request(let request): request.method
                case .invalid(let id, let error): "\(error.code) \(id)"
                }
            } == ["a", "b", "-32600 null", "-32600 null", "-32600 null"])
        guard case .single(.invalid(.null, let error)) = RPCMessage(line: line("[1,2,3]"), batchLimit: 2) else {
            Issue.record("taken")
            return
        }
        #expect(error.code == -32600)
    }

    @Test func whatAClientWritesTheServerReadsAndBack() throws {
        let written = try RPCText.request(id: .number(7), method: "createAccounts", params: ["a": [1, 2]])
        #expect(text(written) == #"{"jsonrpc":"2.0","id":7,"method":"createAccounts","params":{"a":[1,2]}}"#)
        #expect(text(RPCText.request(id: nil, method: "x")) == #"{"jsonrpc":"2.0","method":"x"}"#)

        let error = RPCError.invalidParams(parameter: "oldServer.port", "is missing")
        let reply = RPCText.reply(id: .string("q"), error: error)
        guard case .reply(.string("q"), .failure(error))? = try RPCIncoming.read(line: line(text(reply))).first else {
            Issue.record("\(text(reply))")
            return
        }
        let notification = RPCText.notification(method: "statusChanged", encodedParams: "{}".utf8)
        guard
            case .notification("statusChanged", let params)? = try RPCIncoming.read(line: line(text(notification)))
                .first
        else {
            Issue.record("no notification")
            return
        }
        #expect(params?.kind == .object)
        #expect(try RPCIncoming.read(line: line(#"[{"jsonrpc":"2.0","id":1,"result":null}]"#)).count == 1)
    }

    @Test(arguments: [
        "3", "{}", #"{"jsonrpc":"2.0","id":1}"#, #"{"jsonrpc":"2.0","id":1,"error":3}"#,
        #"{"jsonrpc":"2.0","result":1}"#,
        #"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}x"#,
    ])
    func aClientRefusesWhatIsNoReply(_ text: String) {
        #expect(throws: JSONError.self) { try RPCIncoming.read(line: line(text)) }
    }
}
