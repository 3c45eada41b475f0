// SPDX-License-Identifier: Apache-2.0

/// Who is told of a migration's news.
public enum NoticeAddress: Hashable, Sendable {
    /// A Unix socket that takes one JSON object a connection.
    case socket(path: String)
    /// A program that takes one on its standard input.
    case program(path: String)

    /// `unix:/PATH` or `/PATH`.
    public init?(_ text: String) {
        let isSocket = text.hasPrefix("unix:")
        let path = isSocket ? String(text.dropFirst("unix:".count)) : text
        guard path.hasPrefix("/"), path.last != "/", path.utf8.count < 4096,
            !path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return nil }
        self = isSocket ? .socket(path: path) : .program(path: path)
    }

    /// As an administrator writes it.
    public var text: String {
        switch self {
        case .socket(let path): "unix:\(path)"
        case .program(let path): path
        }
    }
}
