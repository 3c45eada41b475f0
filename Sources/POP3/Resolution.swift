// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import NIOCore
import NIOPosix

/// The addresses of a host, in the order of preference of the system (RFC 6724).
struct Resolution: Sendable {
    let addresses: [SocketAddress]

    /// Asks the system's resolver, on a thread that may block.
    static func resolve(_ host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<Resolution> {
        let promise = loop.makePromise(of: Resolution.self)
        DispatchQueue.global().async {
            promise.completeWith(Result { try lookUp(host, port: port) })
        }
        return promise.futureResult
    }

    private static func lookUp(_ host: String, port: Int) throws -> Resolution {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
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
        return Resolution(addresses: addresses)
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
