// SPDX-License-Identifier: Apache-2.0

import CLDAP
import DirectoryConnections
import Glibc
import Secrets

/// An entry that a search has found.
struct LDAPEntry: Hashable, Sendable {
    var name: String
    /// By attribute, as it was asked for.
    var values: [String: [String]]
}

/// A connection to an LDAP server. It belongs to one thread at a time, which waits for it.
final class LDAPConnection {
    private let library: LDAPLibrary
    private let handle: LDAPLibrary.Handle
    private let subject: String
    private let seconds: Int
    private(set) var isUsable = true

    /// Connects and binds; blocks until then.
    init(_ library: LDAPLibrary, _ settings: LDAPSettings, subject: String) throws(ConnectionFailure) {
        var handle: LDAPLibrary.Handle?
        guard library.initialize(&handle, settings.url) == LDAP_SUCCESS, let handle else {
            throw ConnectionFailure("accounts.ldap.url is no URL that libldap knows")
        }
        self.library = library
        self.handle = handle
        self.subject = subject
        seconds = settings.seconds
        var version = CInt(LDAP_VERSION3)
        _ = library.setOption(handle, CInt(LDAP_OPT_PROTOCOL_VERSION), &version)
        var limit = timeval(tv_sec: settings.seconds, tv_usec: 0)
        _ = library.setOption(handle, CInt(LDAP_OPT_TIMEOUT), &limit)
        _ = library.setOption(handle, CInt(LDAP_OPT_NETWORK_TIMEOUT), &limit)
        // LDAP_OPT_OFF: a referral leads to a server that nobody has configured.
        _ = library.setOption(handle, CInt(LDAP_OPT_REFERRALS), nil)
        if settings.startsTLS { try check(library.startTLS(handle, nil, nil), "StartTLS fails", isLost: true) }
        try bind(settings)
    }

    deinit { _ = library.end(handle, nil, nil) }

    private func bind(_ settings: LDAPSettings) throws(ConnectionFailure) {
        guard let name = settings.bindDN else {
            // Empty, not absent: that would be asked for.
            var nothing: CChar = 0
            var credentials = berval(bv_len: 0, bv_val: nil)
            let code = withUnsafeMutablePointer(to: &nothing) { nothing in
                credentials.bv_val = nothing
                return library.bind(handle, nil, "EXTERNAL", &credentials, nil, nil, nil)
            }
            return try check(
                code,
                "SASL EXTERNAL is refused (accounts.ldap.bindDN is not set)", isLost: true)
        }
        var secret = settings.password.map { $0.withOctets { Array($0) } } ?? []
        defer { secret.withUnsafeMutableBytes { if let start = $0.baseAddress { explicit_bzero(start, $0.count) } } }
        let code = secret.withUnsafeMutableBytes { octets in
            var credentials = berval(
                bv_len: ber_len_t(octets.count), bv_val: octets.baseAddress?.assumingMemoryBound(to: CChar.self))
            return library.bind(handle, name, nil, &credentials, nil, nil, nil)
        }
        try check(
            code, "\(name) may not bind (accounts.ldap.bindDN, the credential accounts-password)", isLost: true)
    }

    /// Entries below `base`, or the one that is there.
    func search(
        _ base: String, onlyThere: Bool = false, _ filter: String, _ attributes: [String]
    ) throws(ConnectionFailure) -> [LDAPEntry] {
        var cookie: [UInt8]?
        var entries: [LDAPEntry] = []
        repeat {
            cookie = try page(base, onlyThere, filter, attributes, after: cookie, into: &entries)
        } while cookie != nil
        return entries
    }

    /// A page of entries (RFC 2696), since servers bound an answer's length.
    /// - Returns: where the next page begins; nil where there is none.
    private func page(
        _ base: String, _ onlyThere: Bool, _ filter: String, _ attributes: [String], after cookie: [UInt8]?,
        into entries: inout [LDAPEntry]
    ) throws(ConnectionFailure) -> [UInt8]? {
        var names = attributes.map { strdup($0) } + [nil]
        defer { for name in names { free(name) } }
        var control: LDAPLibrary.Control?
        var octets = (cookie ?? []).map { CChar(bitPattern: $0) }
        octets.withUnsafeMutableBufferPointer { octets in
            var place = berval(bv_len: ber_len_t(octets.count), bv_val: octets.baseAddress)
            // Not critical: a server without pages gives all at once.
            let isFirst = cookie == nil
            _ = withUnsafeMutablePointer(to: &place) { place in
                library.pageControl(handle, 500, isFirst ? nil : place, 0, &control)
            }
        }
        defer { if let control { library.freeControl(control) } }
        var controls: [LDAPLibrary.Control?] = [control, nil]
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        var message: LDAPLibrary.Message?
        let code = library.search(
            handle, base, onlyThere ? CInt(LDAP_SCOPE_BASE) : CInt(LDAP_SCOPE_SUBTREE), filter, &names, 0, &controls,
            nil, &limit, 0, &message)
        defer { if let message { _ = library.freeMessage(message) } }
        if code == LDAP_NO_SUCH_OBJECT, onlyThere { return nil }
        try check(code, "a search fails")
        guard let message else { return nil }
        var entry = library.firstEntry(handle, message)
        while let found = entry {
            if let read = read(found, attributes) { entries.append(read) }
            entry = library.nextEntry(handle, found)
        }
        return next(message)
    }

    private func next(_ message: LDAPLibrary.Message) -> [UInt8]? {
        var controls: LDAPLibrary.Controls?
        guard library.parseResult(handle, message, nil, nil, nil, nil, &controls, 0) == LDAP_SUCCESS, let controls
        else { return nil }
        defer { library.freeControls(controls) }
        guard let control = library.findControl(LDAP_CONTROL_PAGEDRESULTS, controls, nil) else { return nil }
        var count: ber_int_t = 0
        var cookie = berval()
        guard library.parsePage(handle, control, &count, &cookie) == LDAP_SUCCESS, let start = cookie.bv_val else {
            return nil
        }
        defer { library.freeText(start) }
        let octets = UnsafeRawBufferPointer(start: start, count: Int(cookie.bv_len))
        return octets.isEmpty ? nil : Array(octets)
    }

    private func read(_ entry: LDAPLibrary.Message, _ attributes: [String]) -> LDAPEntry? {
        guard let name = library.name(handle, entry) else { return nil }
        defer { library.freeText(name) }
        var values: [String: [String]] = [:]
        for attribute in attributes {
            guard let found = library.values(handle, entry, attribute) else { continue }
            defer { library.freeValues(found) }
            var place = 0
            while let value = found[place] {
                let octets = UnsafeRawBufferPointer(start: value.pointee.bv_val, count: Int(value.pointee.bv_len))
                values[attribute, default: []].append(String(decoding: octets, as: UTF8.self))
                place += 1
            }
        }
        return LDAPEntry(name: String(cString: name), values: values)
    }

    enum Exchange { case done, otherValue, absent }

    /// One modify that deletes a value and adds another: as a whole, or not at all.
    func exchange(
        _ attribute: String, of name: String, _ old: String, for new: String
    ) throws(ConnectionFailure) -> Exchange {
        let code = Self.withValue(old) { old in
            Self.withValue(new) { new in
                attribute.withCString { attribute in
                    var deletion = LDAPMod()
                    deletion.mod_op = CInt(LDAP_MOD_DELETE | LDAP_MOD_BVALUES)
                    deletion.mod_type = UnsafeMutablePointer(mutating: attribute)
                    deletion.mod_vals.modv_bvals = old
                    var addition = LDAPMod()
                    addition.mod_op = CInt(LDAP_MOD_ADD | LDAP_MOD_BVALUES)
                    addition.mod_type = UnsafeMutablePointer(mutating: attribute)
                    addition.mod_vals.modv_bvals = new
                    return withUnsafeMutablePointer(to: &deletion) { deletion in
                        withUnsafeMutablePointer(to: &addition) { addition in
                            var changes: [UnsafeMutablePointer<LDAPMod>?] = [deletion, addition, nil]
                            return library.modify(handle, name, &changes, nil, nil)
                        }
                    }
                }
            }
        }
        switch code {
        case LDAP_NO_SUCH_ATTRIBUTE: return .otherValue
        case LDAP_NO_SUCH_OBJECT: return .absent
        default:
            try check(code, "\(attribute) cannot be changed")
            return .done
        }
    }

    private static func withValue<Result>(_ text: String, _ body: (LDAPLibrary.Values) -> Result) -> Result {
        var octets = text.utf8.map { CChar(bitPattern: $0) }
        return octets.withUnsafeMutableBufferPointer { octets in
            var value = berval(bv_len: ber_len_t(octets.count), bv_val: octets.baseAddress)
            return withUnsafeMutablePointer(to: &value) { value in
                var values: [UnsafeMutablePointer<berval>?] = [value, nil]
                return values.withUnsafeMutableBufferPointer { values in
                    guard let start = values.baseAddress else { preconditionFailure("two values have a place") }
                    return body(start)
                }
            }
        }
    }

    private func check(_ code: CInt, _ what: String, isLost: Bool = false) throws(ConnectionFailure) {
        guard code != LDAP_SUCCESS else { return }
        // Negative: the library's own, of which the connection does not come back.
        let isGone = code < 0 || code == LDAP_UNAVAILABLE || code == LDAP_BUSY
        if isGone { isUsable = false }
        let reason = library.explain(code).map { String(cString: $0) } ?? "error \(code)"
        var diagnostic: UnsafeMutablePointer<CChar>?
        _ = library.getOption(handle, CInt(LDAP_OPT_DIAGNOSTIC_MESSAGE), &diagnostic)
        defer { if let diagnostic { library.freeText(diagnostic) } }
        let said = diagnostic.map { String(cString: $0) } ?? ""
        throw ConnectionFailure(
            "\(subject): \(what): \(reason)\(said.isEmpty ? "" : " (\(said))")", isLost: isLost || isGone)
    }
}
