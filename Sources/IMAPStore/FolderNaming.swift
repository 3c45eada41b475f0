// SPDX-License-Identifier: Apache-2.0

import IMAP
import MailSession
import MailStore
import Vocabulary

/// What folders are called on the platform.
struct FolderNaming: Hashable, Sendable {
    /// What stands between levels; nil where the server has none.
    var delimiter: UInt8? = UInt8(ascii: "/")
    /// What the user's own names begin with, other than the inbox.
    private var prefix: [UInt8] = []
    /// What the names of others' folders begin with.
    private var strange: [[UInt8]] = []
    let isUTF8: Bool
    /// Whether the server has said what stands between levels.
    private(set) var isCertain = false

    init(isUTF8: Bool) { self.isUTF8 = isUTF8 }

    mutating func take(_ namespaces: Namespaces) {
        strange = (namespaces.otherUsers + namespaces.shared).map(\.prefix).filter { !$0.isEmpty }
        guard let own = namespaces.personal.first else { return }
        (prefix, delimiter, isCertain) = (own.prefix, own.delimiter, true)
    }

    /// What a level of a name cannot hold.
    var unholdable: Set<Unicode.Scalar> {
        // RFC 3501 §5.1: `%` and `*` are wildcards.
        Set(["%", "*"] + (delimiter.map { [Unicode.Scalar($0)] } ?? []))
    }

    /// Of levels, in which what cannot be held is replaced.
    func name(of levels: [String]) -> MailboxName {
        let levels = NewFolder.spelled(levels)
        if levels == NewFolder.inbox { return .inbox }
        let unholdable = unholdable
        let parts = levels.map { level -> [UInt8] in
            var scalars = String.UnicodeScalarView()
            for scalar in level.unicodeScalars {
                let isHeld = !unholdable.contains(scalar) && scalar.properties.generalCategory != .control
                scalars.append(isHeld ? scalar : "_")
            }
            return MailboxName(String(scalars), utf8: isUTF8).octets
        }
        // A server without levels has one name for all.
        let separator = [delimiter ?? UInt8(ascii: "-")]
        return MailboxName(octets: prefix + parts.joined(separator: separator))
    }

    /// Whether it is one of the user's own.
    func isPersonal(_ name: MailboxName) -> Bool {
        !strange.contains { $0.count <= name.octets.count && name.octets.starts(with: $0) }
    }

    /// A folder's path, with `/` between levels, without the prefix.
    func path(of name: MailboxName) -> String {
        let octets = name.octets.starts(with: prefix) ? Array(name.octets[prefix.count...]) : name.octets
        return MailboxName(octets: octets).levels(delimiter).joined(separator: "/")
    }
}

extension WireFailure {
    /// Whether a folder is refused, and the server has no complaint besides.
    var isOfOneFolder: Bool { code == .refused }
}

extension Condition {
    /// Whether a folder does not exist: by its code (RFC 5530 §3), or by what servers say without one.
    var tellsOfNoFolder: Bool {
        switch code {
        case .nonexistent, .tryCreate: true
        case nil, .other, .cannot:
            ServerWords(text).hold([
                "doesn't exist", "does not exist", "not exist", "nonexistent", "no such", "not found",
                "unknown mailbox",
                "unknown folder",
            ])
        default: false
        }
    }
}
