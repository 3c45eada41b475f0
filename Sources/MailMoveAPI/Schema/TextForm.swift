// SPDX-License-Identifier: Apache-2.0

import Glibc
import Vocabulary

/// What a string must look like.
public struct TextForm: Sendable {
    /// JSON Schema's `format`, where it has a word for it.
    let format: String?
    /// Completes "must be …", for people.
    let expectation: String
    let minimumLength: Int?
    let maximumLength: Int?
    /// A secret: never read into a `String`, never shown.
    let isSecret: Bool
    /// What is wrong with the text, nil where it is right. nil for texts that are not looked at.
    let objection: (@Sendable (String) -> String?)?

    init(
        format: String? = nil, expectation: String, minimumLength: Int? = nil, maximumLength: Int? = nil,
        isSecret: Bool = false, objection: (@Sendable (String) -> String?)? = nil
    ) {
        self.format = format
        self.expectation = expectation
        self.minimumLength = minimumLength
        self.maximumLength = maximumLength
        self.isSecret = isSecret
        self.objection = objection
    }
}

extension Schema {
    /// Any text.
    static let text = Schema.string(TextForm(expectation: "a string"))

    /// A secret. Its rules (1 to 511 octets, no NUL, CR, LF) are the method's own: a password that breaks them is
    /// a wrong one, not a wrong call.
    static let password = Schema.string(TextForm(format: "password", expectation: "a string", isSecret: true))

    /// A file in Base64, which may hold secrets; its decoding says whether it is one.
    static let file = Schema.string(TextForm(format: "byte", expectation: "a file in Base64", isSecret: true))

    /// A full address, such as `ann@example.com`.
    static let address = Schema.string(
        TextForm(format: "idn-email", expectation: "a full address such as ann@example.com") { text in
            do throws(InvalidAddress) {
                _ = try EmailAddress(text)
                return nil
            } catch {
                return error.detail
            }
        })

    /// A mail domain in U-form or A-form.
    static let domain = Schema.string(
        TextForm(format: "idn-hostname", expectation: "a domain such as example.com") { text in
            do throws(InvalidAddress) {
                _ = try DomainName(text)
                return nil
            } catch {
                return error.detail
            }
        })

    /// A moment: RFC 3339.
    static let time = Schema.string(
        TextForm(format: "date-time", expectation: "an RFC 3339 time such as 2026-11-24T03:10:41Z") { text in
            Timestamp(text) == nil ? "it is not of that form" : nil
        })

    /// A host name or an address literal without brackets.
    static let host = Schema.string(
        TextForm(
            expectation: "a host name or an IP address without brackets", minimumLength: 1, maximumLength: 255,
            objection: objectionToHost))

    /// A host that MX records may name: no address, and no other name than a domain's (RFC 5321 §2.3.5).
    static let mailHost = Schema.string(
        TextForm(format: "idn-hostname", expectation: "a host name such as mx.example.com", maximumLength: 1024) {
            text in
            if IPAddress(text) != nil { return "it is an address, which goes into addresses" }
            do throws(InvalidAddress) {
                _ = try DomainName(text.hasSuffix(".") ? String(text.dropLast()) : text)
                return nil
            } catch {
                return error.detail.replacing("the domain", with: "the host name")
            }
        })

    /// An IPv4 or IPv6 address, without brackets or zone.
    static let ipAddress = Schema.string(
        TextForm(expectation: "an IP address without brackets", maximumLength: 64) { text in
            IPAddress(text) == nil ? "it is none" : nil
        })

    /// A SHA-256 as certificate tools print it.
    static let fingerprint = Schema.string(
        TextForm(expectation: "a SHA-256 of 64 hexadecimal digits, with or without colons") { text in
            Fingerprint.normalised(text) == nil ? "it is not of that form" : nil
        })

    /// A name of at least one character, without control characters.
    static let name = Schema.string(
        TextForm(
            expectation: "a name of 1 to 255 octets without control characters", minimumLength: 1, maximumLength: 255
        ) { text in
            text.unicodeScalars.contains { $0.properties.generalCategory == .control }
                ? "it holds a control character" : nil
        })

    /// `INBOX`, or a folder's name that stays in its Maildir.
    static let folder = Schema.string(
        TextForm(expectation: "a folder's name such as INBOX or Archive", minimumLength: 1, maximumLength: 200) {
            text in
            if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control || $0 == "/" }) {
                return "it holds a slash or a control character"
            }
            let levels = text.split(separator: ".", omittingEmptySubsequences: false)
            return levels.contains(where: \.isEmpty) ? "there is nothing before or after a dot" : nil
        })

    /// A folder's path or a pattern for some: in UTF-8, with `/` between levels.
    static let folderPath = Schema.string(
        TextForm(
            expectation: "a folder's path such as Projects/2024", minimumLength: 1, maximumLength: 1000
        ) { text in
            if text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
                return "it holds a control character"
            }
            return text.allSatisfy { $0 == "/" } ? "it has no name" : nil
        })

    /// Where a client comes from; empty where the caller does not know. Whatever is no address counts as one client: a
    /// gateway that says something else must not keep its users out.
    static let remoteAddress = Schema.string(
        TextForm(expectation: "an IP address", maximumLength: 1024))
}

private func objectionToHost(_ text: String) -> String? {
    var scratch = in6_addr()
    if text.contains(":") {
        // RFC 4007 §11: a zone may follow a link-local address.
        let address = text.prefix { $0 != "%" }
        return inet_pton(AF_INET6, String(address), &scratch) == 1 ? nil : "it is no IPv6 address"
    }
    if inet_pton(AF_INET, text, &scratch) == 1 { return nil }
    let name = text.hasSuffix(".") ? String(text.dropLast()) : text
    // RFC 1123 §2.1 lets no name end in a label of digits alone, and a mistyped address would be one.
    if let last = name.split(separator: ".").last, last.allSatisfy({ $0.isASCII && $0.isNumber }) {
        return "it is no IPv4 address"
    }
    do throws(InvalidAddress) {
        _ = try DomainName(name.replacing("_", with: "-"))
        return nil
    } catch {
        return error.detail.replacing("the domain", with: "the host name")
    }
}

/// A certificate's SHA-256.
enum Fingerprint {
    /// 64 lower-case digits of `text`, which may have colons and capitals; nil where it is none.
    static func normalised(_ text: String) -> String? {
        let digits = text.lowercased().filter { $0 != ":" }
        guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit), digits.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        return digits
    }
}
