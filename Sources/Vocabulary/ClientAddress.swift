// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a user's client is: an IP address in one form, however it was written.
public struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    private let octets: [UInt8]

    /// nil where `text` is no IP address. An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is the IPv4 address.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            octets = withUnsafeBytes(of: four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            let all = withUnsafeBytes(of: six) { Array($0) }
            let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            octets = isMapped ? Array(all.suffix(4)) : all
        } else {
            return nil
        }
    }

    /// What one client can choose freely is one: an IPv6 address counts by its /64 (RFC 4291 §2.5.1).
    public var network: ClientAddress {
        octets.count == 4 ? self : ClientAddress(octets: octets.prefix(8) + Array(repeating: 0, count: 8))
    }

    private init(octets: [UInt8]) { self.octets = octets }

    /// As inet_ntop(3) writes it.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        octets.withUnsafeBytes { address in
            _ = inet_ntop(octets.count == 4 ? AF_INET : AF_INET6, address.baseAddress, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
