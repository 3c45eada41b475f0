// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
public import NIOCore
import NIOPosix
public import Vocabulary

/// The addresses of a host, in the order of preference of the system (RFC 6724).
struct Resolution: Sendable {
    let addresses: [SocketAddress]

    /// Asks the system's resolver, on a thread that may block; of an address nobody has to be asked.
    static func resolve(_ host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<Resolution> {
        if host.isAddressLiteral {
            return loop.makeCompletedFuture { try lookUp(host, port: port, flags: AI_NUMERICSERV | AI_NUMERICHOST) }
        }
        let promise = loop.makePromise(of: Resolution.self)
        DispatchQueue.global().async {
            promise.completeWith(Result { try lookUp(host, port: port, flags: AI_NUMERICSERV) })
        }
        return promise.futureResult
    }

    private static func lookUp(_ host: String, port: Int, flags: CInt) throws -> Resolution {
        let addresses = try addresses(of: host, port: port, flags: flags)
        if addresses.contains(where: \.isOwnPOP3) {
            throw WireFailure(
                code: .unreachable,
                message: "leads to this machine, the new platform itself, as after the DNS switch; "
                    + "give the old server's IP address")
        }
        return Resolution(addresses: addresses)
    }

    /// All that the system knows. Blocks, unless `flags` say that the host is an address.
    fileprivate static func addresses(of host: String, port: Int, flags: CInt) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
            if Exhaustion.isNow { throw WireFailure.exhausted }
            let reason = String(cString: gai_strerror(result))
            throw WireFailure(
                code: .unresolved, message: "has no address (\(reason)); check the host name and this machine's DNS")
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            if let address = entry.ai_addr {
                if entry.ai_family == AF_INET {
                    address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                        addresses.append(SocketAddress($0.pointee))
                    }
                } else if entry.ai_family == AF_INET6 {
                    address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                        addresses.append(SocketAddress($0.pointee))
                    }
                }
            }
            next = entry.ai_next
        }
        guard !addresses.isEmpty else {
            throw WireFailure(code: .unresolved, message: "has no address; check the host name")
        }
        return addresses
    }
}

extension OldServer {
    /// Whether its host is an address, so that nobody has to be asked for one.
    public var isNamedByAddress: Bool { host.isAddressLiteral }

    /// All addresses that its host has now, this machine's own among them; none where the system finds none.
    public func addresses() async -> [SocketAddress] {
        if isNamedByAddress {
            // A zone says where it is, not what: glibc takes none by name but of link-local addresses.
            let address = String(host.prefix { $0 != "%" })
            return (try? Resolution.addresses(of: address, port: port, flags: AI_NUMERICSERV | AI_NUMERICHOST)) ?? []
        }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                let found = try? Resolution.addresses(of: host, port: port, flags: AI_NUMERICSERV)
                continuation.resume(returning: found ?? [])
            }
        }
    }
}

extension SocketAddress {
    /// Whether this is a POP3 port (110, 995) of this very machine: no old server, and whoever asked it about a password
    /// would be asked in turn.
    public var isOwnPOP3: Bool {
        guard port == 110 || port == 995, let text = ipAddress?.withoutMapping else { return false }
        if text.hasPrefix("127.") || text == "::1" || text == "0.0.0.0" || text == "::" { return true }
        // Where the system cannot tell its addresses, none is known to be its own.
        let own = try? System.enumerateDevices()
        return own?.contains { $0.address?.ipAddress?.withoutMapping == text } == true
    }
}

extension String {
    /// An IPv4 address that is mapped into IPv6 (RFC 4291 §2.5.5.2) as itself, and a scoped one without its zone.
    fileprivate var withoutMapping: String {
        let text = prefix { $0 != "%" }
        return String(text.hasPrefix("::ffff:") && text.contains(".") ? text.dropFirst(7) : text)
    }
}

/// Gives NIO's Happy Eyeballs (RFC 8305) what has been resolved already, so that the two take their time apart.
struct ResolvedAddresses: Resolver, Sendable {
    let resolution: Resolution
    let loop: any EventLoop

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(resolution.addresses.filter { $0.protocol == .inet })
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(resolution.addresses.filter { $0.protocol == .inet6 })
    }

    func cancelQueries() {}
}
