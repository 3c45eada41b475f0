// SPDX-License-Identifier: Apache-2.0

import Glibc
public import MailSession
public import NIOCore
import NIOPosix
public import Vocabulary
import Waiting

/// The addresses of a host, in the order of preference of the system (RFC 6724).
public struct Resolution: Sendable {
    let addresses: [SocketAddress]

    /// Threads that wait for the system's resolver: usually few, many when a dead name server keeps them waiting.
    fileprivate static let lookups = WorkerPool("lookups", threads: 64, promptly: 4)

    /// Those that are IP addresses, in the same order.
    public var ipAddresses: [IPAddress] { addresses.compactMap { IPAddress($0) } }

    /// Looks up a server's host.
    /// - Parameter ownPorts: ports on which this machine itself, the new platform, would answer if the host led to it.
    /// - Throws: `unresolved`; `unreachable` if it is this machine; `exhausted`, `cancelled`.
    public static func of(
        _ server: OldServer, ownPorts: Set<Int>, timeouts: Timeouts, on loop: any EventLoop
    ) async throws(WireFailure) -> Resolution {
        let silence = WireFailure(code: .unresolved, message: "cannot be looked up: DNS does not answer")
        return try await promised(on: loop, of: Resolution.self, late: (timeouts.connect, silence)) { once in
            resolve(server, ownPorts, on: loop).whenComplete { once.complete($0) }
        }
    }

    /// Asks the system's resolver, on a thread that may block; an address needs no resolver.
    private static func resolve(
        _ server: OldServer, _ ownPorts: Set<Int>, on loop: any EventLoop
    ) -> EventLoopFuture<Resolution> {
        if let addresses = server.resolved {
            return loop.makeCompletedFuture { try known(addresses, of: server, ownPorts) }
        }
        if server.isNamedByAddress {
            return loop.makeCompletedFuture { try lookUp(server, ownPorts, flags: AI_NUMERICSERV | AI_NUMERICHOST) }
        }
        let promise = loop.makePromise(of: Resolution.self)
        lookups.submit { promise.completeWith(Result { try lookUp(server, ownPorts, flags: AI_NUMERICSERV) }) }
        return promise.futureResult
    }

    private static func lookUp(
        _ server: OldServer, _ ownPorts: Set<Int>, flags: CInt
    ) throws(WireFailure) -> Resolution {
        try checked(
            Resolution(addresses: try addresses(of: server.host, port: server.port, flags: flags)), of: server, ownPorts
        )
    }

    /// What was looked up elsewhere.
    private static func known(
        _ addresses: [IPAddress], of server: OldServer, _ ownPorts: Set<Int>
    ) throws(WireFailure) -> Resolution {
        let sockets = addresses.compactMap { address in
            // absent: it is an address
            try? SocketAddress(ipAddress: address.description, port: server.port)
        }
        guard !sockets.isEmpty else {
            throw WireFailure(code: .unresolved, message: "has no address; check the host name")
        }
        return try checked(Resolution(addresses: sockets), of: server, ownPorts)
    }

    private static func checked(
        _ resolution: Resolution, of server: OldServer, _ ownPorts: Set<Int>
    ) throws(WireFailure) -> Resolution {
        if ownPorts.contains(server.port), resolution.ipAddresses.contains(where: \.isThisMachine) {
            throw WireFailure(
                code: .unreachable,
                message: "leads to this machine, the new platform itself, as after the DNS switch; "
                    + "give the old server's IP address")
        }
        return resolution
    }

    /// All addresses that the system knows. Blocks, unless `flags` say that the host is an address.
    fileprivate static func addresses(
        of host: String, port: Int, flags: CInt
    ) throws(WireFailure) -> [SocketAddress] {
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
    /// All addresses that its host has now, including this machine's own; none if it cannot be resolved.
    public func addresses() async -> [IPAddress] {
        if isNamedByAddress {
            // Without the zone, which is not part of the address: glibc accepts zones by name only for link-local
            // addresses.
            let address = String(host.prefix { $0 != "%" })
            return Self.addresses(of: address, port: port, flags: AI_NUMERICSERV | AI_NUMERICHOST)
        }
        return await Resolution.lookups.run { Self.addresses(of: host, port: port, flags: AI_NUMERICSERV) }
    }

    private static func addresses(of host: String, port: Int, flags: CInt) -> [IPAddress] {
        let found = try? Resolution.addresses(of: host, port: port, flags: flags)
        return found?.compactMap { IPAddress($0) } ?? []
    }
}

extension IPAddress {
    /// nil for a socket that is not an IP socket. The zone is left out.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        self.init(String(text.prefix { $0 != "%" }))
    }

    /// Whether it is an address of this very machine.
    public var isThisMachine: Bool {
        if scope == .loopback || scope == .unspecified { return true }
        // If the system cannot list its addresses, none counts as its own.
        let own = try? System.enumerateDevices()
        return own?.contains { $0.address.flatMap { IPAddress($0) } == self } == true
    }
}

/// Gives NIO's Happy Eyeballs (RFC 8305) addresses that are already resolved, so that lookup and connection have
/// separate timeouts.
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
