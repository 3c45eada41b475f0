// SPDX-License-Identifier: Apache-2.0

import JSONWire
import Vocabulary

/// What a program is asked: a JSON object, on one line.
struct Question: Sendable {
    private var octets: [UInt8]

    init(_ what: String, _ address: EmailAddress) { self.init(what, address.description) }

    init(_ what: String, _ address: String) {
        octets = Array("{\"do\": \"\(what)\"".utf8)
        add("address", address)
    }

    init(listing domain: DomainName) {
        octets = Array("{\"do\": \"list\"".utf8)
        add("domain", domain.name)
    }

    var line: [UInt8] { octets + Array("}\n".utf8) }

    mutating func add(_ name: String, _ value: String?) {
        guard var value else {
            octets += ", \"\(name)\": null".utf8
            return
        }
        value.withUTF8 { add(name, UnsafeRawBufferPointer($0)) }
    }

    /// What a text holds in UTF-8.
    mutating func add(_ name: String, _ value: UnsafeRawBufferPointer) {
        octets += ", \"\(name)\": \"".utf8
        for octet in value {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): octets += [UInt8(ascii: "\\"), octet]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                octets += Array("\\u00".utf8) + [digits[Int(octet >> 4)], digits[Int(octet & 15)]]
            default: octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
    }
}
