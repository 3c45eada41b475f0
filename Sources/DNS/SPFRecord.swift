// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// A domain's SPF record, which says who may send its mail (RFC 7208), parsed.
public struct SPFRecord: Sendable, Hashable {
    /// What a match means (RFC 7208 §4.6.2).
    public enum Qualifier: Character, Sendable {
        case pass = "+"
        case fail = "-"
        case softfail = "~"
        case neutral = "?"
    }

    public enum Mechanism: Sendable, Hashable {
        case all
        case include(String)
        /// The addresses of this name, or of the domain itself; with the significant leading bits for IPv4 and IPv6.
        case a(String?, Int, Int)
        case mx(String?, Int, Int)
        case ptr
        case network(IPAddress, length: Int)
        case exists(String)
    }

    public struct Directive: Sendable, Hashable {
        public var qualifier: Qualifier
        public var mechanism: Mechanism
        /// As it was written.
        public var text: String
    }

    /// What is wrong with a record, as a clause.
    public struct Malformed: Error, Hashable, CustomStringConvertible {
        public let description: String

        init(_ description: String) { self.description = description }
    }

    public var directives: [Directive] = []
    /// The domain whose record decides if no directive matches.
    public var redirect: String?

    /// Whether a TXT record is an SPF record at all (RFC 7208 §4.5).
    public static func isSPF(_ octets: [UInt8]) -> Bool {
        let version = Array("v=spf1".utf8)
        guard octets.count >= version.count else { return false }
        let start = octets.prefix(version.count).map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return start == version && (octets.count == version.count || octets[version.count] == UInt8(ascii: " "))
    }

    /// - Throws: ``Malformed`` for the first invalid term, which invalidates the whole record (RFC 7208 §4.6).
    public init(_ octets: [UInt8]) throws(Malformed) {
        guard octets.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Malformed("it holds characters that are not printable ASCII")
        }
        let text = String(decoding: octets, as: UTF8.self)
        var hasExplanation = false
        for term in text.split(separator: " ").dropFirst() {
            let name = term.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }
            guard term.dropFirst(name.count).first == "=" else {
                directives.append(try Self.directive(term))
                continue
            }
            guard name.first?.isLetter == true else { throw Malformed("the term \(Self.shown(term)) is not known") }
            // RFC 7208 §6: unknown modifiers are ignored; known ones may occur only once.
            let value = String(term.dropFirst(name.count + 1))
            switch name.lowercased() {
            case "redirect":
                guard redirect == nil else { throw Malformed("redirect= is there twice") }
                redirect = try Self.name(value, of: term)
            case "exp":
                guard !hasExplanation else { throw Malformed("exp= is there twice") }
                hasExplanation = true
                _ = try Self.name(value, of: term)
            default: break
            }
        }
    }

    private static func directive(_ term: Substring) throws(Malformed) -> Directive {
        var rest = term
        var qualifier = Qualifier.pass
        if let first = rest.first, let given = Qualifier(rawValue: first) {
            qualifier = given
            rest = rest.dropFirst()
        }
        let word = rest.prefix { $0 != ":" && $0 != "/" }
        rest = rest.dropFirst(word.count)
        let mechanism: Mechanism
        switch word.lowercased() {
        case "all":
            guard rest.isEmpty else { throw Malformed("\(shown(term)): all takes nothing behind it") }
            mechanism = .all
        case "include": mechanism = .include(try name(argument(rest, of: term), of: term))
        case "exists": mechanism = .exists(try name(argument(rest, of: term), of: term))
        case "ptr":
            if !rest.isEmpty { _ = try name(argument(rest, of: term), of: term) }
            mechanism = .ptr
        case "a":
            let (host, four, six) = try host(rest, of: term)
            mechanism = .a(host, four, six)
        case "mx":
            let (host, four, six) = try host(rest, of: term)
            mechanism = .mx(host, four, six)
        case "ip4": mechanism = try network(argument(rest, of: term), isIPv4: true, of: term)
        case "ip6": mechanism = try network(argument(rest, of: term), isIPv4: false, of: term)
        default: throw Malformed("the term \(shown(term)) is not known")
        }
        return Directive(qualifier: qualifier, mechanism: mechanism, text: shown(term))
    }

    private static func argument(_ rest: Substring, of term: Substring) throws(Malformed) -> String {
        guard rest.first == ":", rest.count > 1 else {
            throw Malformed("\(shown(term)): something is missing behind it")
        }
        return String(rest.dropFirst())
    }

    /// `:NAME/BITS//BITS`, each part of which may be absent (RFC 7208 §5.6).
    private static func host(_ rest: Substring, of term: Substring) throws(Malformed) -> (String?, Int, Int) {
        var name: String?
        var lengths = rest
        if rest.first == ":" {
            // A macro may hold slashes (RFC 7208 §7.1); no name does.
            let end = rest.lastIndex(of: "}").map { rest.index(after: $0) } ?? rest.startIndex
            let slash = rest[end...].firstIndex(of: "/") ?? rest.endIndex
            name = try Self.name(argument(rest[..<slash], of: term), of: term)
            lengths = rest[slash...]
        }
        if lengths.isEmpty { return (name, 32, 128) }
        let parts = lengths.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return (name, try bits(parts[0], 32, of: term), 128)
        case 2 where parts[0].isEmpty: return (name, 32, try bits(parts[1], 128, of: term))
        case 3 where parts[1].isEmpty:
            return (name, try bits(parts[0], 32, of: term), try bits(parts[2], 128, of: term))
        default: throw Malformed("\(shown(term)): what stands behind the slash is no prefix length")
        }
    }

    private static func network(_ text: String, isIPv4: Bool, of term: Substring) throws(Malformed) -> Mechanism {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        // An IPv4 address in IPv6 form is the IPv4 address, and its length counts from there.
        guard let address = IPAddress(String(parts[0])), parts[0].contains(":") == !isIPv4 else {
            throw Malformed("\(shown(term)): this is no IPv\(isIPv4 ? 4 : 6) address")
        }
        let most = isIPv4 ? 32 : 128
        var length = parts.count == 2 ? try bits(parts[1], most, of: term) : most
        if !isIPv4, address.isIPv4 { length = max(0, length - 96) }
        return .network(address, length: length)
    }

    private static func bits(_ text: Substring, _ most: Int, of term: Substring) throws(Malformed) -> Int {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(text), bits <= most else {
            throw Malformed("\(shown(term)): the prefix length is no number from 0 to \(most)")
        }
        return bits
    }

    private static func name(_ text: String, of term: Substring) throws(Malformed) -> String {
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard name.contains("%") || DomainNameText.isPlain(name) else {
            throw Malformed("\(shown(term)): this is no domain name")
        }
        return name.lowercased()
    }

    private static func shown(_ term: Substring) -> String {
        let text = term.prefix(80)
        return text.count == term.count ? String(text) : text + "…"
    }
}
