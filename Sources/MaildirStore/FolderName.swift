// SPDX-License-Identifier: Apache-2.0

import MailStore

/// How the folders of a Maildir lie below it: Dovecot's `LAYOUT`.
public enum FolderLayout: String, Sendable, CaseIterable {
    /// Side by side, with dots between levels: `.Projects.2024`.
    case maildirPlusPlus = "maildir++"
    /// One in the other: `Projects/2024`.
    case fs
}

/// A folder's directories below the Maildir. Anything but printable ASCII is written in the modified UTF-7 of RFC 3501
/// §5.1.3, as in Dovecot and Courier.
struct FolderName: Hashable, Sendable {
    /// None for `INBOX`, which is the Maildir itself; in the layout `maildir++`, one.
    let directories: [String]
    /// As mail programs know it, in the modified UTF-7, with what the layout has between levels; what cannot be held
    /// replaced.
    let subscription: [String]

    static let inbox = FolderName(directories: [], subscription: ["INBOX"])

    private init(directories: [String], subscription: [String]) {
        (self.directories, self.subscription) = (directories, subscription)
    }

    /// - Parameter levels: what a directory's name cannot hold is replaced.
    init(_ levels: [String], _ layout: FolderLayout) {
        let levels = NewFolder.spelled(levels)
        let encoded = levels.map { Self.encoded($0, layout) }.filter { !$0.isEmpty }
        guard !encoded.isEmpty, levels != NewFolder.inbox else {
            self = .inbox
            return
        }
        switch layout {
        case .maildirPlusPlus:
            let shortened = Self.shortened(encoded)
            self.init(directories: ["." + shortened.joined(separator: ".")], subscription: shortened)
        case .fs: self.init(directories: encoded, subscription: encoded)
        }
    }

    /// Checks a name that an administrator gives.
    /// - Throws: ``FileError`` when `name` cannot be a folder.
    static func check(_ name: String) throws(FileError) {
        guard name.uppercased() != "INBOX" else { return }
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
        guard modifiedUTF7(name).utf8.count < 200 else { throw invalid("is too long") }
    }

    /// What a level cannot hold in each layout, besides `/` and control characters.
    static func unholdable(_ layout: FolderLayout) -> Set<Unicode.Scalar> { layout == .fs ? [] : ["."] }

    private static func encoded(_ level: String, _ layout: FolderLayout) -> String {
        let unholdable = unholdable(layout)
        var scalars = String.UnicodeScalarView()
        for scalar in level.unicodeScalars {
            let isHeld =
                scalar != "/" && scalar.properties.generalCategory != .control && !unholdable.contains(scalar)
            scalars.append(isHeld ? scalar : "_")
        }
        let name = modifiedUTF7(String(scalars))
        return isReserved(name, layout) ? "_" + name : name
    }

    /// Names of which a Maildir has a use of its own, where folders lie beside them; those that begin with a dot are
    /// nobody's folders. `*` stands for anything.
    static func reserved(_ layout: FolderLayout) -> [String] {
        guard layout == .fs else { return [] }
        return [
            "cur", "new", "tmp", "subscriptions", "maildirsize", MarkerFile.inMaildir, ".*", "dovecot*", "courierimap*",
        ]
    }

    private static func isReserved(_ name: String, _ layout: FolderLayout) -> Bool {
        reserved(layout).contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
    }

    /// A directory has one name for all levels: where they are too long together, each is cut, and a digest tells it from
    /// others that begin alike.
    private static func shortened(_ levels: [String]) -> [String] {
        guard levels.joined(separator: ".").utf8.count > longest else { return levels }
        var digest: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a: no secret, and the same for ever
        for octet in levels.joined(separator: ".").utf8 { digest = (digest ^ UInt64(octet)) &* 0x100_0000_01B3 }
        let mark = "-" + MessageName.hexadecimal(digest, digits: 16)
        let each = max(1, (longest - mark.utf8.count) / levels.count - 1)
        var kept = levels.prefix((longest - mark.utf8.count) / 2).map { level in
            // Nothing is cut inside a stretch of Base64.
            let start = String(level.prefix(each))
            guard start.utf8.count < level.utf8.count, let shift = start.lastIndex(of: "&"),
                !start[shift...].contains("-")
            else { return start }
            return String(start[..<shift])
        }.filter { !$0.isEmpty }
        kept.append((kept.popLast() ?? "") + mark)
        return kept
    }

    /// Octets of a directory's name, with room for what others add to names of files.
    private static let longest = 230

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
