// SPDX-License-Identifier: Apache-2.0

package import Ground
import MailSource
package import Vocabulary

/// What an administrator should know of an old server before relying on it.
package struct OldServerWarnings: Sendable {
    let context: Context

    package init(context: Context) { self.context = context }

    /// - Throws: ``InvalidParameter`` if it is this machine's own POP3 port: mail would go in circles.
    package func warnings(of server: OldServer, for domain: DomainName) async throws -> [String] {
        // A name that does not resolve yet is accepted: verifyOldServer reports that.
        let addresses = await context.probe.allAddresses(of: server)
        if addresses.contains(where: { context.probe.leadsHere($0, port: server.port) }) {
            throw InvalidParameter(
                "oldServer.host",
                "must be the old server: \(server.host) port \(server.port) is this machine, the new platform itself")
        }
        var warnings: [String] = []
        if !server.isNamedByAddress {
            warnings.append(
                "\(server.host) is a name, not an address: after the DNS switch it may lead to the new platform; "
                    + "give the old server's IP address")
            if Self.host(server.host, isInside: domain) {
                warnings.append(
                    "\(server.host) is inside \(domain), the domain that is being moved: after the DNS switch it "
                        + "would lead back to the new platform")
            }
        }
        let isPublic = addresses.isEmpty || !addresses.allSatisfy(Self.isPrivate)
        if !server.security.isAlwaysEncrypted, !server.secureAuthentication, isPublic {
            warnings.append(
                "passwords may travel in the clear to \(server.host); use --security tls or "
                    + "--security starttls, or --secure-auth, unless the line is private")
        }
        if server.security != .none, server.certificate.verify == .none {
            warnings.append(
                "the certificate of \(server.host) is not verified: whoever answers in its place could take accounts over; "
                    + "use --verify full, or --fingerprint")
        }
        let announced = try await context.records.kept(Self.expireZeroKey(server))
        if announced == Self.expireZeroValue(true) {
            warnings.append(
                "\(server.host) announces EXPIRE 0: retrieving a message deletes it there; keep a backup of the old server"
            )
        }
        return warnings
    }

    /// The key under which the latest verification's finding of `EXPIRE 0` is remembered.
    static func expireZeroKey(_ server: OldServer) -> String { "expire-0 \(server.host.lowercased()):\(server.port)" }

    static func expireZeroValue(_ isAnnounced: Bool) -> [UInt8] { [isAnnounced ? 1 : 0] }

    static func host(_ host: String, isInside domain: DomainName) -> Bool {
        // RFC 1034 §3.1: a dot at the end marks a name as absolute.
        let host = (host.hasSuffix(".") ? String(host.dropLast()) : host).lowercased()
        return host == domain.name || host.hasSuffix(".\(domain.name)")
    }

    /// Whether it can only be reached from this machine, site or link.
    private static func isPrivate(_ address: IPAddress) -> Bool {
        address.scope == .loopback || address.scope == .local
    }
}
