// SPDX-License-Identifier: Apache-2.0

import Configuring
import JSONRPC
import MailMoveAPI
import Systemd

/// The sockets to serve, and what the clients of each may do.
enum Sockets {
    /// The sockets passed by systemd, else those named by flags; none if there are neither.
    static func listeners(
        inherited: [InheritedDescriptors.Descriptor], source: ConfigurationSource
    ) -> [Listener<Role>] {
        guard inherited.isEmpty else {
            return inherited.map { socket in
                // A socket that is not called admin gets no admin rights.
                Listener(
                    role: socket.name == "admin" ? .admin : .login, source: .inherited(descriptor: socket.number))
            }
        }
        let admin = source.adminSocket.map { Listener(role: Role.admin, source: .path($0)) }
        let login = source.loginSocket.map { Listener(role: Role.login, source: .path($0)) }
        return [admin, login].compactMap(\.self)
    }
}
