// SPDX-License-Identifier: Apache-2.0

import Configuring
import JSONRPC
import MailMoveAPI
import Systemd

/// The sockets that are served, and what each one's clients may do.
enum Sockets {
    /// Those that systemd passed, else those named by flags; none where there are neither.
    static func listeners(
        inherited: [InheritedDescriptors.Descriptor], source: ConfigurationSource
    ) -> [Listener<Role>] {
        guard inherited.isEmpty else {
            return inherited.map { socket in
                // Whatever is not called admin is not trusted like it.
                Listener(
                    role: socket.name == "admin" ? .admin : .login, source: .inherited(descriptor: socket.number))
            }
        }
        let admin = source.adminSocket.map { Listener(role: Role.admin, source: .path($0)) }
        let login = source.loginSocket.map { Listener(role: Role.login, source: .path($0)) }
        return [admin, login].compactMap(\.self)
    }
}
