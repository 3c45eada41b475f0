// SPDX-License-Identifier: Apache-2.0

/// A Maildir++ folder. Levels are separated by dots, and anything but printable ASCII is written in the modified UTF-7
/// of RFC 3501 §5.1.3, as in Dovecot and Courier.
struct FolderName: Hashable, Sendable {
    /// The subdirectory's name, such as `.Sent` or `.Entw&APw-rfe`; nil for `INBOX`, which is the Maildir itself.
    let directory: String?

    static let inbox = FolderName(directory: nil)

    private init(directory: String?) { self.directory = directory }

    /// - Throws: ``FileError`` when `name` cannot be a folder.
    init(_ name: String) throws(FileError) {
        if name.uppercased() == "INBOX" {
            self.directory = nil
            return
        }
        func invalid(_ reason: String) -> FileError {
            FileError(
                code: .failed, path: name, errno: 0,
                detail: "the folder \"\(name)\" \(reason); name one like \"Archive\" or \"Archive.2019\", or INBOX")
        }
        guard !name.isEmpty else { throw invalid("has no name") }
        guard !name.utf8.contains(UInt8(ascii: "/")) else { throw invalid("must not hold a slash") }
        guard !name.split(separator: ".", omittingEmptySubsequences: false).contains(where: \.isEmpty) else {
            throw invalid("must not begin or end with a dot or hold two in a row")
        }
        guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw invalid("must not hold control characters")
        }
        let encoded = "." + Self.modifiedUTF7(name)
        guard encoded.utf8.count <= 200 else { throw invalid("is too long") }
        self.directory = encoded
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,")

    /// RFC 3501 §5.1.3.
    static func modifiedUTF7(_ name: String) -> String {
        var text = ""
        var bits: UInt32 = 0
        var count = 0
        var isShifted = false
        func unshift() {
            if count > 0 { text.append(alphabet[Int((bits << UInt32(6 - count)) & 63)]) }
            if isShifted { text.append("-") }
            (bits, count, isShifted) = (0, 0, false)
        }
        for unit in name.utf16 {
            if (0x20...0x7E).contains(unit) {
                unshift()
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
                if unit == 0x26 { text.append("-") }
                continue
            }
            if !isShifted { text.append("&") }
            isShifted = true
            bits = bits << 16 | UInt32(unit)
            count += 16
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int((bits >> UInt32(count)) & 63)])
            }
            bits &= (1 << UInt32(count)) - 1
        }
        unshift()
        return text
    }
}
