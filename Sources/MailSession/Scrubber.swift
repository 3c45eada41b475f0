// SPDX-License-Identifier: Apache-2.0

public import Secrets

/// Removes a password from whatever the old server says, and makes the rest printable: some servers quote the command
/// they did not like, and hostile ones may quote anything they were told.
public struct Scrubber: Sendable {
    /// nil if none is known yet.
    public var password: Password?

    /// The longest text that is kept; longer ones are truncated after scrubbing.
    public static let longestText = 500

    public init(password: Password? = nil) { self.password = password }

    /// One line of text: without the password in plain, as IMAP quotes it, or in Base64; unprintable octets as U+FFFD.
    public func text(of octets: some Collection<UInt8>) -> String {
        var octets = Array(octets)
        defer { octets.wipe() }
        if let password {
            password.withOctets { secret in
                guard !secret.isEmpty else { return }
                Self.removeQuoted(secret, from: &octets)
                Self.remove(secret, from: &octets)
                for shift in 0..<3 { Self.removeBase64(of: secret, shift: shift, from: &octets) }
            }
        }
        let text = String(decoding: octets, as: UTF8.self)
        var shown = String.UnicodeScalarView()
        for (count, scalar) in text.unicodeScalars.enumerated() {
            guard count < Self.longestText else {
                shown.append("…")
                break
            }
            shown.append(scalar.properties.generalCategory.isUnprintable ? "\u{FFFD}" : scalar)
        }
        return String(shown)
    }

    /// In upper or lower case, because servers quote commands in capitals.
    private static func remove(_ secret: UnsafeRawBufferPointer, from octets: inout [UInt8]) {
        guard let first = secret.first?.asciiLowercased else { return }
        let mark = Array("[…]".utf8)
        var position = 0
        while let start = octets[position...].firstIndex(where: { $0.asciiLowercased == first }) {
            let end = start + secret.count
            guard end <= octets.count else { return }
            if octets[start..<end].elementsEqual(secret, by: { $0.asciiLowercased == $1.asciiLowercased }) {
                octets.replaceSubrange(start..<end, with: mark)
                position = start + mark.count
            } else {
                position = start + 1
            }
        }
    }

    /// Removes it as a quoted string has it (RFC 3501 §9), where that is another form.
    private static func removeQuoted(_ secret: UnsafeRawBufferPointer, from octets: inout [UInt8]) {
        func isEscaped(_ octet: UInt8) -> Bool { octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") }
        let escapes = secret.count(where: isEscaped)
        guard escapes > 0 else { return }
        let quoted = SecretOctets(count: secret.count + escapes) { room in
            var end = 0
            for octet in secret {
                if isEscaped(octet) {
                    room[end] = UInt8(ascii: "\\")
                    end += 1
                }
                room[end] = octet
                end += 1
            }
        }
        quoted.withOctets { remove($0, from: &octets) }
    }

    /// Removes the digits that must occur in any Base64 text containing the secret: one form for each of the three ways
    /// it can lie across groups of three octets. Forms under four digits are ignored.
    private static func removeBase64(of secret: UnsafeRawBufferPointer, shift: Int, from octets: inout [UInt8]) {
        let padded = SecretOctets(count: shift + secret.count) {
            UnsafeMutableRawBufferPointer(rebasing: $0[shift...]).copyMemory(from: secret)
        }
        let first = (shift * 8 + 5) / 6
        let last = (shift + secret.count) * 8 / 6
        guard last - first >= 4 else { return }
        Base64.encode(padded).withOctets { digits in
            guard digits.count >= last else { return }
            remove(UnsafeRawBufferPointer(rebasing: digits[first..<last]), from: &octets)
        }
    }
}

extension Unicode.GeneralCategory {
    /// Controls, line and paragraph separators, and what only changes the look of its neighbours.
    fileprivate var isUnprintable: Bool {
        switch self {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: false
        }
    }
}
