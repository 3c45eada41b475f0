// SPDX-License-Identifier: Apache-2.0

import Configuring
import Glibc
import JSONRPC
import Logging
import MailMoveAPI

/// A word beside each login socket, in `SOCKET.accounts`, about where accounts live: a mail server asks the next
/// password database while the daemon is gone, if that is the platform's own, and must not if accounts are here.
enum Word {
    static func leave(
        _ kind: AccountsConfiguration.Kind, beside listeners: [Listener<Role>], log: Logger
    ) {
        for listener in listeners where listener.role == .login {
            guard let socket = path(of: listener.source) else { continue }
            let file = socket + ".accounts"
            // With accounts here, and no word of another time, there is nothing to say.
            if kind == .builtin, contents(of: file)?.isEmpty ?? true { continue }
            if contents(of: file) == "\(kind.rawValue)\n" { continue }
            let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else {
                log.warning(
                    "\(file) cannot be written: \(String(cString: strerror(errno))); without it a mail server cannot know, while this daemon is gone, that accounts are elsewhere"
                )
                continue
            }
            defer { close(descriptor) }
            fchmod(descriptor, 0o644)
            _ = "\(kind.rawValue)\n".withCString { write(descriptor, $0, strlen($0)) }
        }
    }

    private static func contents(of file: String) -> String? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 64)
        let count = read(descriptor, &octets, octets.count)
        return count < 0 ? nil : String(decoding: octets[..<count], as: UTF8.self)
    }

    private static func path(of source: Listener<Role>.Source) -> String? {
        switch source {
        case .path(let path, _): return path
        case .inherited(let descriptor):
            var address = sockaddr_un()
            var size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let isFound = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
            }
            guard isFound, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
            let octets = withUnsafeBytes(of: &address.sun_path) { Array($0.prefix { $0 != 0 }) }
            return octets.isEmpty ? nil : String(decoding: octets, as: UTF8.self)
        }
    }
}
