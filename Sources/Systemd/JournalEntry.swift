// SPDX-License-Identifier: Apache-2.0

internal import CSystemd
internal import Glibc
internal import Logging

/// One log entry, as the journal and as a terminal want it.
struct JournalEntry {
    private let label: String
    private let event: LogEvent
    /// In the order of their keys.
    private let metadata: [(key: String, value: String)]

    init(label: String, event: LogEvent, metadata: Logger.Metadata) {
        self.label = label
        self.event = event
        self.metadata = metadata.map { ($0.key, "\($0.value)") }.sorted { $0.key < $1.key }
    }

    /// `NAME=value`, for sd_journal_sendv(3) (systemd.journal-fields(7)).
    var fields: [String] {
        var fields = [
            "MESSAGE=\(message)", "PRIORITY=\(priority)", "SYSLOG_IDENTIFIER=mailmoved", "CODE_FILE=\(event.file)",
            "CODE_LINE=\(event.line)", "CODE_FUNC=\(event.function)", "MAILMOVE_LABEL=\(label)",
        ]
        for (key, value) in metadata {
            fields.append("\(Self.fieldName(key))=\(value)")
            if key == "account", let domain = value.split(separator: "@").last {
                fields.append("MAILMOVE_DOMAIN=\(domain)")
            }
        }
        if let id = messageID { fields.append("MESSAGE_ID=\(id)") }
        return fields
    }

    /// One line, with control characters made visible: words of an old server or a client must not look like an entry
    /// of their own, or control a terminal.
    var line: String {
        let text = "\(event.level) \(label): \(message)"
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    guard scalar.properties.generalCategory == .control else { return [scalar] }
                    return Array("\\x\(String(scalar.value, radix: 16))".unicodeScalars)
                }))
    }

    /// By reason if there is one, since that says more than the event it explains.
    private var messageID: String? {
        let explained = ["reason", "event"].compactMap { key in metadata.first { $0.key == key }?.value }
        return explained.lazy.compactMap { MessageCatalog.identifiers[$0] }.first
    }

    private var message: String {
        guard !metadata.isEmpty else { return "\(event.message)" }
        return "\(event.message) (\(metadata.map { "\($0.key)=\($0.value)" }.joined(separator: " ")))"
    }

    /// syslog(3).
    private var priority: Int {
        switch event.level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// `oldServer` is `MAILMOVE_OLD_SERVER`: upper-case ASCII letters, digits and underscores, up to 64.
    static func fieldName(_ key: String) -> String {
        var name = "MAILMOVE_"
        var wasLower = false
        for scalar in key.unicodeScalars {
            switch scalar {
            case "A"..."Z":
                if wasLower { name.append("_") }
                name.unicodeScalars.append(scalar)
            case "a"..."z", "0"..."9": name += String(scalar).uppercased()
            default: name.append("_")
            }
            wasLower = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
        }
        return String(name.prefix(64))
    }

    /// - Returns: whether the journal took it.
    func send() -> Bool {
        // One block of memory for all fields, and a vector of its pieces.
        let texts = fields.map { Array($0.utf8) }
        var block = texts.flatMap(\.self)
        return block.withUnsafeMutableBytes { block in
            var start = 0
            let vectors = texts.map { text in
                defer { start += text.count }
                return iovec(iov_base: block.baseAddress?.advanced(by: start), iov_len: text.count)
            }
            return sd_journal_sendv(vectors, CInt(vectors.count)) == 0
        }
    }

    /// Prints in one write, so that lines of several threads do not mix; if nobody accepts it, it is lost.
    ///
    /// - Parameter toJournal: whether standard error is a stream of the journal, which reads a priority in front of a
    ///   line (sd-daemon(3)).
    func print(toJournal: Bool) { StandardError.write((toJournal ? "<\(priority)>" : "") + line + "\n") }
}
