// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// What a domain's SPF record says about an address that sends its mail (RFC 7208 §2.6).
public enum SPFResult: Sendable, Hashable {
    case pass
    case fail
    case softfail
    case neutral
    /// There is no record.
    case none
    /// The record cannot be evaluated, and receivers will say so of all mail.
    case permanentError(String)
    /// DNS does not tell at present.
    case temporaryError(String)
    /// It depends on more than the address: macros, or the reverse DNS.
    case undetermined(String)
}

/// check_host() of RFC 7208 §4, for an address only: nothing is known about the sender.
public struct SPFCheck {
    /// RFC 7208 §4.6.4.
    static let mostLookups = 10
    static let mostVoidLookups = 2

    private struct Stop: Error {
        var result: SPFResult
    }

    private let session: ResolverSession
    private let address: IPAddress
    private var lookups = 0
    private var voidLookups = 0
    private var unknown: String?

    private init(_ session: ResolverSession, _ address: IPAddress) {
        self.session = session
        self.address = address
    }

    /// Whether `domain` lets `address` send its mail.
    public static func result(
        of address: IPAddress, for domain: String, asking session: ResolverSession
    ) async -> SPFResult {
        var check = SPFCheck(session, address)
        do throws(Stop) {
            let result = try await check.follow(domain)
            if result != .pass, let unknown = check.unknown { return .undetermined(unknown) }
            return result
        } catch {
            return error.result
        }
    }

    private mutating func follow(_ domain: String) async throws(Stop) -> SPFResult {
        let texts = await session.texts(of: domain)
        if let failure = texts.failure { throw Stop(result: .temporaryError("\(domain): \(failure)")) }
        let records = texts.records.filter(SPFRecord.isSPF)
        guard records.count < 2 else { throw permanent("\(domain) has \(records.count) SPF records") }
        guard let octets = records.first else { return .none }
        let record: SPFRecord
        do throws(SPFRecord.Malformed) {
            record = try SPFRecord(octets)
        } catch {
            throw permanent("the SPF record of \(domain) is broken: \(error)")
        }
        for directive in record.directives where try await matches(directive, domain) {
            return SPFResult(directive.qualifier)
        }
        guard let redirect = record.redirect else { return .neutral }
        if redirect.contains("%") {
            unknown = unknown ?? "redirect=\(redirect)"
            return .neutral
        }
        try count("redirect=\(redirect)")
        let result = try await follow(redirect)
        guard result != .none else { throw permanent("\(redirect), to which \(domain) redirects, has no SPF record") }
        return result
    }

    private mutating func matches(
        _ directive: SPFRecord.Directive, _ domain: String
    ) async throws(Stop) -> Bool {
        switch directive.mechanism {
        case .all: return true
        case .network(let network, let length): return address.isInside(network, length: length)
        case .ptr:
            try count(directive.text)
            unknown = unknown ?? directive.text
            return false
        case .include(let name), .exists(let name), .a(let name?, _, _), .mx(let name?, _, _):
            try count(directive.text)
            if name.contains("%") {
                unknown = unknown ?? directive.text
                return false
            }
            return try await matches(directive.mechanism, of: name, domain)
        case .a(nil, _, _), .mx(nil, _, _):
            try count(directive.text)
            return try await matches(directive.mechanism, of: domain, domain)
        }
    }

    private mutating func matches(
        _ mechanism: SPFRecord.Mechanism, of name: String, _ domain: String
    ) async throws(Stop) -> Bool {
        switch mechanism {
        case .include:
            // RFC 7208 §5.2: an include matches if the included record passes, and only then.
            let result = try await follow(name)
            guard result != .none else { throw permanent("\(name), which \(domain) includes, has no SPF record") }
            return result == .pass
        case .exists: return !(try await known(session.addresses4(of: name), name)).isEmpty
        case .a(_, let four, let six): return try await has(name, four, six)
        case .mx(_, let four, let six):
            let exchangers = try await known(session.mailExchangers(of: name), name)
            // RFC 7208 §4.6.4.
            guard exchangers.count <= 10 else { throw permanent("mx:\(name) leads to more than 10 hosts") }
            for exchanger in exchangers where try await has(exchanger.host, four, six) { return true }
            return false
        case .all, .ptr, .network: return false
        }
    }

    private mutating func has(_ name: String, _ four: Int, _ six: Int) async throws(Stop) -> Bool {
        let isIPv4 = address.isIPv4
        let answer = isIPv4 ? await session.addresses4(of: name) : await session.addresses6(of: name)
        return try known(answer, name).contains { address.isInside($0, length: isIPv4 ? four : six) }
    }

    private mutating func known<Record>(_ answer: Answer<Record>, _ name: String) throws(Stop) -> [Record] {
        switch answer.outcome {
        case .records(let records): return records
        case .noSuchName, .noSuchRecord:
            voidLookups += 1
            guard voidLookups <= Self.mostVoidLookups else {
                throw permanent(
                    "more than \(Self.mostVoidLookups) of the names it looks up do not exist, such as \(name)")
            }
            return []
        case .failed(.invalidName): return []
        case .failed(let failure): throw Stop(result: .temporaryError("\(name): \(failure)"))
        }
    }

    private mutating func count(_ term: String) throws(Stop) {
        lookups += 1
        guard lookups <= Self.mostLookups else {
            throw permanent("it takes more than \(Self.mostLookups) lookups; \(term) is one too many")
        }
    }

    private func permanent(_ detail: String) -> Stop { Stop(result: .permanentError(detail)) }
}

extension SPFResult {
    fileprivate init(_ qualifier: SPFRecord.Qualifier) {
        switch qualifier {
        case .pass: self = .pass
        case .fail: self = .fail
        case .softfail: self = .softfail
        case .neutral: self = .neutral
        }
    }
}
