// SPDX-License-Identifier: Apache-2.0

import MailSession
import NIOCore
import Secrets

/// Encodes a command as the parts in which it is sent (RFC 3501 §4.3: before a literal, the client waits for the
/// server, unless that has said that this is unnecessary).
struct CommandEncoder {
    enum Part: Hashable {
        case octets(ByteBuffer, isSecret: Bool)
        /// Wait until the server asks to continue.
        case wait
        /// This many octets of the message with this index.
        case message(Int, octets: Int)
    }

    private let literals: LiteralRule
    private var buffer = ByteBuffer()
    private var isSecret = false
    private var parts: [Part] = []

    /// - Parameter takesFirst: whether AUTHENTICATE may carry what the client says first (RFC 4959).
    static func parts(
        of command: Command, tag: String, literals: LiteralRule, takesFirst: Bool
    ) -> [Part] {
        var encoder = CommandEncoder(literals: literals)
        encoder.write(tag)
        encoder.write(" ")
        encoder.write(command, takesFirst: takesFirst)
        encoder.write("\r\n")
        encoder.endPart()
        return encoder.parts
    }

    /// What answers a challenge: Base64 and a line end, secret.
    static func response(_ octets: Password) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(Base64.encodedCount(octets.count) + 2)
        octets.withOctets { Base64.encode($0, into: &buffer) }
        buffer.writeStaticString("\r\n")
        return buffer
    }

    private init(literals: LiteralRule) { self.literals = literals }

    private mutating func endPart() {
        guard buffer.readableBytes > 0 else { return }
        parts.append(.octets(buffer, isSecret: isSecret))
        buffer = ByteBuffer()
    }

    private mutating func write(_ text: String) { buffer.writeString(text) }

    private mutating func write(_ command: Command, takesFirst: Bool) {
        switch command {
        case .capability: write("CAPABILITY")
        case .noop: write("NOOP")
        case .startTLS: write("STARTTLS")
        case .logout: write("LOGOUT")
        case .namespace: write("NAMESPACE")
        case .unselect: write("UNSELECT")
        case .close: write("CLOSE")
        case .enable(let names): write("ENABLE \(names.joined(separator: " "))")
        case .id(let fields):
            write("ID (")
            for (index, field) in fields.enumerated() {
                write(index == 0 ? "" : " ")
                string(Array(field.name.utf8))
                write(" ")
                string(Array(field.value.utf8))
            }
            write(")")
        case .login(let user, let password): login(user, password)
        case .authenticate(let mechanism, let first): authenticate(mechanism, takesFirst ? first : nil)
        case .list(let options, let pattern): list(options, pattern)
        case .lsub(let pattern): list("LSUB", pattern)
        case .xlist(let pattern): list("XLIST", pattern)
        case .examine(let name, let resynchronization): open("EXAMINE", name, resynchronization)
        case .select(let name, let resynchronization): open("SELECT", name, resynchronization)
        case .status(let name, let items):
            write("STATUS ")
            string(name.octets)
            write(" (\(items.map(\.rawValue).joined(separator: " ")))")
        case .fetch(let uids, let items, let since):
            write("UID FETCH \(uids) (\(items.map(Self.text).joined(separator: " ")))")
            if let since { write(" (CHANGEDSINCE \(since))") }
        case .search(let key, let isExtended):
            write("UID SEARCH \(isExtended ? "RETURN (ALL) " : "")")
            search(key)
        case .store(let uids, let change, let flags):
            write("UID STORE \(uids) \(change.rawValue) (\(flags.map(\.name).joined(separator: " ")))")
        case .expunge(let uids): write("UID EXPUNGE \(uids)")
        case .create(let name, let use):
            write("CREATE ")
            string(name.octets)
            if let use { write(" (USE (\(use.attribute)))") }
        case .delete(let name): named("DELETE", name)
        case .subscribe(let name): named("SUBSCRIBE", name)
        case .quotaRoot(let name): named("GETQUOTAROOT", name)
        case .rights(let name): named("MYRIGHTS", name)
        case .append(let name, let messages): append(name, messages)
        }
    }

    // MARK: - Strings

    /// Quoted if possible, because some servers mishandle literals; else a literal. RFC 3501 §9: 8-bit octets are never
    /// quoted.
    private mutating func string(_ octets: [UInt8]) {
        octets.withUnsafeBytes { string($0) }
    }

    private mutating func string(_ octets: UnsafeRawBufferPointer) {
        guard octets.count <= 1000, octets.allSatisfy({ (32...126).contains($0) }) else { return literal(octets) }
        buffer.writeInteger(UInt8(ascii: "\""))
        for octet in octets {
            if octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") { buffer.writeInteger(UInt8(ascii: "\\")) }
            buffer.writeInteger(octet)
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    private mutating func literal(_ octets: UnsafeRawBufferPointer) {
        announce(octets.count)
        if isSecret { reserve(for: octets.count) }
        buffer.writeBytes(octets)
    }

    private mutating func announce(_ count: Int) {
        let isAhead = literals.isAhead(count)
        write("{\(count)\(isAhead ? "+" : "")}\r\n")
        guard !isAhead else { return }
        endPart()
        parts.append(.wait)
    }

    // MARK: - Secrets

    /// Reserves room for a secret, because a buffer that grows leaves a copy behind: each octet may be escaped, and a
    /// literal is announced.
    private mutating func reserve(for count: Int) { buffer.reserveCapacity(buffer.readableBytes + 2 * count + 64) }

    private mutating func login(_ user: String, _ password: Password) {
        isSecret = true
        reserve(for: user.utf8.count + password.count + 32)
        write("LOGIN ")
        string(Array(user.utf8))
        reserve(for: password.count)
        write(" ")
        password.withOctets { string($0) }
    }

    private mutating func authenticate(_ mechanism: String, _ first: Password?) {
        isSecret = first != nil
        buffer.reserveCapacity(buffer.readableBytes + mechanism.utf8.count + 32 + 2 * (first?.count ?? 0))
        write("AUTHENTICATE \(mechanism)")
        guard let first else { return }
        write(" ")
        // RFC 4959 §3
        if first.count == 0 { write("=") } else { first.withOctets { Base64.encode($0, into: &buffer) } }
    }

    // MARK: - Folders and messages

    private mutating func named(_ command: String, _ name: MailboxName) {
        write("\(command) ")
        string(name.octets)
    }

    private mutating func list(_ options: Command.ListOptions, _ pattern: String) {
        list("LIST", pattern)
        guard case .extended(let specialUse) = options else { return }
        write(" RETURN (SUBSCRIBED\(specialUse ? " SPECIAL-USE" : ""))")
    }

    private mutating func list(_ command: String, _ pattern: String) {
        write("\(command) \"\" ")
        string(Array(pattern.utf8))
    }

    private mutating func open(_ command: String, _ name: MailboxName, _ resynchronization: Command.Resynchronization?)
    {
        write("\(command) ")
        string(name.octets)
        switch resynchronization {
        case .conditionalStore: write(" (CONDSTORE)")
        case .quick(let validity, let since): write(" (QRESYNC (\(validity) \(since)))")
        case nil: break
        }
    }

    private static func text(_ item: Command.FetchItem) -> String {
        switch item {
        case .uid: "UID"
        case .flags: "FLAGS"
        case .date: "INTERNALDATE"
        case .octets: "RFC822.SIZE"
        case .modificationSequence: "MODSEQ"
        case .emailID: "EMAILID"
        case .gmailMessageID: "X-GM-MSGID"
        case .message: "BODY.PEEK[]"
        case .header: "BODY.PEEK[HEADER]"
        case .headerFields(let names): "BODY.PEEK[HEADER.FIELDS (\(names.joined(separator: " ")))]"
        case .part(let from, let octets): "BODY.PEEK[]<\(from).\(octets)>"
        }
    }

    private mutating func search(_ key: Command.SearchKey) {
        switch key {
        case .all: write("ALL")
        case .uids(let uids): write("UID \(uids)")
        case .header(let name, let value):
            write("HEADER \(name) ")
            string(Array(value.utf8))
        }
    }

    private mutating func append(_ name: MailboxName, _ messages: [Command.AppendedMessage]) {
        write("APPEND ")
        string(name.octets)
        for (index, message) in messages.enumerated() {
            // The server alone sets \Recent (RFC 3501 §2.3.2).
            let flags = message.flags.filter { $0 != .recent }
            if !flags.isEmpty { write(" (\(flags.map(\.name).joined(separator: " ")))") }
            if let date = message.date { write(" \"\(InternalDate.text(of: date))\"") }
            write(message.isUTF8 ? " UTF8 (~" : " ")
            announce(message.octets)
            endPart()
            parts.append(.message(index, octets: message.octets))
            if message.isUTF8 { write(")") }
        }
    }
}
