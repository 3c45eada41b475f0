// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vocabulary

/// Why a value was refused, if there is more to say than what is expected; otherwise empty.
struct Rejection: Error {
    var detail = ""
}

/// The form of a value: its check, its text, and what to call it.
struct ValueForm<Value: Sendable>: Sendable {
    var expected: String
    var placeholder: String
    var isList = false
    var isNumber = false
    var read: @Sendable (String) throws(Rejection) -> Value
    /// Empty for a value that is absence.
    var write: @Sendable (Value) -> String

    /// A value that may be absent; absence is not written.
    static func optional<Wrapped>(_ form: ValueForm<Wrapped>) -> ValueForm where Value == Wrapped? {
        ValueForm(
            expected: form.expected, placeholder: form.placeholder, isList: form.isList, isNumber: form.isNumber,
            read: { (text) throws(Rejection) in try form.read(text) }, write: { $0.map(form.write) ?? "" })
    }
}

extension ValueForm<Int> {
    static func integer(_ range: ClosedRange<Int>) -> ValueForm {
        ValueForm(
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", placeholder: "NUMBER",
            isNumber: true,
            read: { (text) throws(Rejection) in
                guard let value = Int(text), range.contains(value) else { throw Rejection() }
                return value
            }, write: { "\($0)" })
    }
}

extension ValueForm<Double> {
    static func seconds(_ range: ClosedRange<Double>) -> ValueForm {
        ValueForm(
            expected: "a number of seconds from \(decimal(range.lowerBound)) to \(decimal(range.upperBound))",
            placeholder: "SECONDS", isNumber: true,
            read: { (text) throws(Rejection) in
                // Double takes hexadecimal and names of infinities as well; nobody means those.
                guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }),
                    let value = Double(text), range.contains(value)
                else { throw Rejection() }
                return value
            }, write: decimal)
    }
}

extension ValueForm<Bool> {
    static var truth: ValueForm {
        ValueForm(
            expected: "true or false", placeholder: "true|false", isNumber: true,
            read: { (text) throws(Rejection) in
                switch text {
                case "true": return true
                case "false": return false
                default: throw Rejection()
                }
            }, write: { "\($0)" })
    }
}

func hasControls(_ text: String) -> Bool { text.utf8.contains { $0 < 0x20 || $0 == 0x7F } }

/// `10`, not `10.0`.
private func decimal(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }

extension ValueForm where Value: RawRepresentable<String> & CaseIterable {
    static func choice() -> ValueForm {
        let names = Value.allCases.map(\.rawValue)
        let list = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
        return ValueForm(
            expected: list, placeholder: "NAME",
            read: { (text) throws(Rejection) in
                if let value = Value(rawValue: text) { return value }
                throw Rejection(detail: nearest(text, in: names).map { "did you mean \($0)?" } ?? "")
            }, write: \.rawValue)
    }
}

extension ValueForm<String> {
    /// `MaildirStore` checks it again; checking here tells the administrator the line.
    static var maildirTemplate: ValueForm {
        ValueForm(
            expected: "an absolute path in which % is followed by u, n, d or %", placeholder: "PATH",
            read: { (text) throws(Rejection) in
                guard text.hasPrefix("/") else { throw Rejection(detail: "it does not begin with /") }
                guard !hasControls(text) else {
                    throw Rejection(detail: "it contains a control character")
                }
                var rest = text[...]
                while let percent = rest.firstIndex(of: "%") {
                    rest = rest[rest.index(after: percent)...]
                    guard let letter = rest.popFirst() else { throw Rejection(detail: "it ends in %") }
                    guard "und%".contains(letter) else { throw Rejection(detail: "%\(letter) is not known") }
                }
                return text
            }, write: { $0 })
    }

    static func line(_ expected: String, _ placeholder: String) -> ValueForm {
        ValueForm(
            expected: expected, placeholder: placeholder,
            read: { (text) throws(Rejection) in
                guard !text.isEmpty, !hasControls(text) else { throw Rejection() }
                return text
            }, write: { $0 })
    }

    static var path: ValueForm {
        ValueForm(
            expected: "an absolute path", placeholder: "PATH",
            read: { (text) throws(Rejection) in
                guard text.hasPrefix("/"), text.utf8.count > 1, !hasControls(text) else { throw Rejection() }
                return text
            }, write: { $0 })
    }

    /// `mailStore.imap.userFormat`.
    static var userFormat: ValueForm {
        ValueForm(
            expected: "authzid, or a user name in which %u is the account and %m the master user",
            placeholder: "FORMAT",
            read: { (text) throws(Rejection) in
                guard text != "authzid" else { return text }
                guard !hasControls(text) else {
                    throw Rejection(detail: "it contains a control character")
                }
                var rest = text.replacing("%%", with: "")[...]
                guard rest.contains("%u") else { throw Rejection(detail: "%u is missing") }
                while let percent = rest.firstIndex(of: "%") {
                    rest = rest[rest.index(after: percent)...]
                    guard let letter = rest.popFirst() else { throw Rejection(detail: "it ends in %") }
                    guard "um".contains(letter) else { throw Rejection(detail: "%\(letter) is not known") }
                }
                return text
            }, write: { $0 })
    }

    /// A SHA-256, with colons or without; kept in lower case, without.
    static var fingerprint: ValueForm {
        ValueForm(
            expected: "the 64 hexadecimal digits of a SHA-256", placeholder: "SHA256",
            read: { (text) throws(Rejection) in
                let digits = text.lowercased().filter { $0 != ":" }
                guard digits.utf8.count == 64,
                    digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
                else { throw Rejection() }
                return digits
            }, write: { $0 })
    }

    static var nodeName: ValueForm {
        ValueForm(
            expected: "a name of 1 to 64 letters, digits, hyphens, dots and underscores", placeholder: "NAME",
            read: { (text) throws(Rejection) in
                let isName = text.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-._".utf8.contains($0)
                }
                guard isName, (1...64).contains(text.utf8.count) else { throw Rejection() }
                return text
            }, write: { $0 })
    }

    static var databaseURL: ValueForm {
        ValueForm(
            expected: "sqlite:/PATH, sqlite:$STATE/NAME or postgresql://…", placeholder: "URL",
            read: { (text) throws(Rejection) in
                guard DatabaseURL.isPostgreSQL(text) || DatabaseURL.sqlitePath(text, state: "/") != nil else {
                    throw Rejection()
                }
                return text
            }, write: { $0 })
    }
}

/// `database.url`.
enum DatabaseURL {
    static func isPostgreSQL(_ url: String) -> Bool { url.hasPrefix("postgresql:") || url.hasPrefix("postgres:") }

    /// Whether a PostgreSQL URL holds a password, before the host or among its parameters.
    static func holdsPassword(_ url: String) -> Bool {
        guard isPostgreSQL(url), let start = url.firstRange(of: "://")?.upperBound else { return false }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" }
        if let at = authority.lastIndex(of: "@"), authority[..<at].contains(":") { return true }
        return url.contains("?password=") || url.contains("&password=")
    }

    /// The file of a `sqlite:` URL; nil where it is none, or its path is neither absolute nor below `$STATE`.
    static func sqlitePath(_ url: String, state: String) -> String? {
        let scheme = "sqlite:"
        guard url.hasPrefix(scheme), !url.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        var path = url.dropFirst(scheme.count)
        // RFC 8089 §2: an empty authority may be written, as in file:///path.
        if path.hasPrefix("//") { path = path.dropFirst(2) }
        guard path.last != "/" else { return nil }
        if path.hasPrefix("$STATE/") { return state + path.dropFirst("$STATE".count) }
        return path.hasPrefix("/") ? String(path) : nil
    }
}

extension ValueForm<HostAndPort> {
    static var hostAndPort: ValueForm {
        ValueForm(
            expected: "HOST:PORT, or [ADDRESS]:PORT for IPv6", placeholder: "HOST:PORT", read: readHostAndPort,
            write: \.description)
    }
}

@Sendable private func readHostAndPort(_ text: String) throws(Rejection) -> HostAndPort {
    guard let colon = text.lastIndex(of: ":") else { throw Rejection(detail: "the port is missing") }
    guard let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port) else {
        throw Rejection(detail: "the port is no number from 1 to 65535")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
        host = host.dropFirst().dropLast()
        guard host.contains(":"), canonicalAddress(String(host)) != nil else {
            throw Rejection(detail: "what stands in brackets is no IPv6 address")
        }
    } else {
        guard !host.contains(":") else { throw Rejection(detail: "an IPv6 address is written in brackets") }
        let isName = host.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || "-._".utf8.contains($0)
        }
        guard !host.isEmpty, isName else { throw Rejection(detail: "the host is no name or address") }
    }
    return HostAndPort(host: String(host), port: port)
}

extension ValueForm<NoticeAddress> {
    static var noticeAddress: ValueForm {
        ValueForm(
            expected: "unix:/PATH of a socket, or the /PATH of a program", placeholder: "TARGET",
            read: { (text) throws(Rejection) in
                if let address = NoticeAddress(text) { return address }
                throw Rejection(detail: text.contains("/") ? "its path must be absolute, without arguments" : "")
            }, write: \.text)
    }
}

extension ValueForm<Set<String>> {
    static var addresses: ValueForm {
        ValueForm(
            expected: "a list of IP addresses", placeholder: "ADDRESS,…", isList: true,
            read: { (text) throws(Rejection) in
                var addresses: Set<String> = []
                for item in text.split(separator: ",") {
                    let item = item.trimmed
                    if item.isEmpty { continue }
                    if item.contains("/") {
                        throw Rejection(detail: "\(quoted(item)) is a network; name each address")
                    }
                    guard let address = canonicalAddress(item) else {
                        throw Rejection(detail: "\(quoted(item)) is no IP address")
                    }
                    addresses.insert(address)
                }
                return addresses
            }, write: { $0.sorted().joined(separator: ",") })
    }
}

/// An IPv4 or IPv6 address as inet_ntop(3) writes it, so that equal addresses are equal strings.
private func canonicalAddress(_ text: String) -> String? {
    // 16 octets hold either family's address.
    var octets = [UInt8](repeating: 0, count: 16)
    for family in [AF_INET, AF_INET6] where inet_pton(family, text, &octets) == 1 {
        var name = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, octets, &name, socklen_t(name.count)) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    return nil
}

extension ValueForm<DaemonConfiguration.SpecialFolder> {
    static var specialFolder: ValueForm {
        ValueForm(
            expected: "a folder's path such as Sent or Mail/Sent", placeholder: "FOLDER",
            read: { (text) throws(Rejection) in
                guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                    throw Rejection(detail: "it contains a control character")
                }
                guard !text.split(separator: "/", omittingEmptySubsequences: false).contains(where: \.isEmpty) else {
                    throw Rejection(detail: "it has a level without a name")
                }
                return .init(given: text)
            }, write: { $0.path })
    }
}
