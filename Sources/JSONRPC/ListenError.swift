// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A socket that cannot be listened on.
public struct ListenError: Error, Sendable, CustomStringConvertible {
    /// What stands in the way.
    public enum Code: String, Sendable {
        /// Another process answers there.
        case inUse
        /// Something other than a socket is at that path.
        case notASocket
        /// The path is longer than a Unix socket's may be (unix(7): 107 octets).
        case pathTooLong
        /// The socket was closed while it was served.
        case lost
        /// The system refuses, as `errno` says.
        case system
    }

    public var code: Code

    /// The path, or the descriptor.
    public var subject: String

    /// The system's error, 0 if it is none.
    public var errno: Int32

    /// What happened and what to do.
    public var description: String {
        switch code {
        case .inUse: "\(subject): another process serves this socket; stop it, or choose another path"
        case .notASocket: "\(subject): there is a file that is no socket; remove it, or choose another path"
        case .pathTooLong: "\(subject): the path of a Unix socket may have 107 octets; choose a shorter one"
        case .lost: "\(subject) was closed by the system while it was served; start the daemon again"
        case .system: "\(subject): cannot listen: \(String(cString: strerror(errno)))"
        }
    }
}
