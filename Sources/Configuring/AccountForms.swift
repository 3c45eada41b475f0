// SPDX-License-Identifier: Apache-2.0

import SQLDirectory
import Vocabulary

extension ValueForm<String> {
    static var preset: ValueForm {
        let names = SQLPreset.all.map(\.name)
        return ValueForm(
            expected: names.dropLast().joined(separator: ", ") + " or " + (names.last ?? ""), placeholder: "NAME",
            read: { (text) throws(Rejection) in
                if names.contains(text) { return text }
                throw Rejection(detail: nearest(text, in: names).map { "did you mean \($0)?" } ?? "")
            }, write: { $0 })
    }

    /// A value below `accounts.sql`.
    static func sql(_ key: String, _ expected: String, _ placeholder: String = "STATEMENT") -> ValueForm {
        ValueForm(
            expected: expected, placeholder: placeholder,
            read: { (text) throws(Rejection) in
                do throws(SQLSettings.Fault) {
                    try SQLSettings.check(key, text)
                } catch {
                    throw Rejection(detail: "it \(error.detail)")
                }
                return text
            }, write: { $0 })
    }

    static var ldapURL: ValueForm {
        ValueForm(
            expected: "ldap://HOST[:PORT], ldaps://HOST[:PORT] or ldapi://PATH with %2F for /", placeholder: "URL",
            read: { (text) throws(Rejection) in
                guard let scheme = ["ldap://", "ldaps://", "ldapi://"].first(where: text.hasPrefix), !hasControls(text),
                    !text.contains(" ")
                else { throw Rejection() }
                if text.dropFirst(scheme.count).contains("@") {
                    throw Rejection(detail: "who binds is accounts.ldap.bindDN")
                }
                return text
            }, write: { $0 })
    }

    /// RFC 4515, with `%u`, `%n` and `%d`.
    static var ldapFilter: ValueForm {
        ValueForm(
            expected: "a filter such as (mail=%u), in which % is followed by u, n, d or %", placeholder: "FILTER",
            read: { (text) throws(Rejection) in
                guard text.first == "(", text.last == ")", !hasControls(text) else { throw Rejection() }
                var depth = 0
                for character in text {
                    if character == "(" { depth += 1 }
                    if character == ")" { depth -= 1 }
                    guard depth >= 0 else { throw Rejection(detail: "its parentheses do not match") }
                }
                guard depth == 0 else { throw Rejection(detail: "its parentheses do not match") }
                var rest = text[...]
                while let percent = rest.firstIndex(of: "%") {
                    rest = rest[rest.index(after: percent)...]
                    guard let letter = rest.popFirst(), "und%".contains(letter) else { throw Rejection() }
                }
                return text
            }, write: { $0 })
    }

    static var ldapAttribute: ValueForm {
        ValueForm(
            expected: "an attribute's name", placeholder: "NAME",
            read: { (text) throws(Rejection) in
                let isName = text.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-.;".utf8.contains($0)
                }
                guard !text.isEmpty, isName else { throw Rejection() }
                return text
            }, write: { $0 })
    }
}

extension ValueForm<[IPNetwork]> {
    static var networks: ValueForm {
        ValueForm(
            expected: "a list of IP addresses and networks such as 192.0.2.0/24", placeholder: "NETWORK,…",
            isList: true,
            read: { (text) throws(Rejection) in
                var networks: [IPNetwork] = []
                for item in text.split(separator: ",") {
                    let item = item.trimmed
                    if item.isEmpty { continue }
                    guard let network = IPNetwork(item) else {
                        throw Rejection(detail: "\(quoted(item)) is no address and no network")
                    }
                    networks.append(network)
                }
                return networks
            }, write: { $0.map(\.description).joined(separator: ",") })
    }
}

extension ValueForm<FlushAddress> {
    static var flushAddress: ValueForm {
        ValueForm(
            expected: "the /PATH of a program, or doveadm:http[s]://[KEY@]HOST:PORT", placeholder: "TARGET",
            read: { (text) throws(Rejection) in
                guard let address = FlushAddress(text) else { throw Rejection() }
                return address
            }, write: \.text)
    }
}
