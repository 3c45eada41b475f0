// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An IP address in one form, however it was written.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Who can reach an address (RFC 6890).
    public enum Scope: Sendable {
        /// The machine that has it: `127.0.0.0/8`, `::1`.
        case loopback
        /// Nobody: `0.0.0.0`, `::`.
        case unspecified
        /// A site or a link (RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6, RFC 6598).
        case local
        /// Anybody.
        case global
    }

    /// 4 or 16, in network order.
    public let octets: [UInt8]

    /// nil if `text` is no IP address. An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is the IPv4 address.
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(octets: withUnsafeBytes(of: four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(octets: withUnsafeBytes(of: six) { Array($0) })
        } else {
            return nil
        }
    }

    /// nil unless there are 4 or 16.
    public init?(octets: [UInt8]) {
        switch octets.count {
        case 4: self.octets = octets
        case 16:
            let isMapped = octets.prefix(10).allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            self.octets = isMapped ? Array(octets.suffix(4)) : octets
        default: return nil
        }
    }

    public var isIPv4: Bool { octets.count == 4 }

    /// Whether the first `length` bits are those of `network`; false for an address of the other family.
    public func isInside(_ network: IPAddress, length: Int) -> Bool {
        guard octets.count == network.octets.count, length >= 0 else { return false }
        for (index, pair) in zip(octets, network.octets).enumerated() {
            let bits = min(8, length - index * 8)
            if bits <= 0 { return true }
            if (pair.0 ^ pair.1) >> (8 - bits) != 0 { return false }
        }
        return true
    }

    public var scope: Scope {
        if octets.allSatisfy({ $0 == 0 }) { return .unspecified }
        if isIPv4 {
            if octets[0] == 127 { return .loopback }
            if octets[0] == 0 { return .unspecified }
        } else if octets.dropLast().allSatisfy({ $0 == 0 }), octets.last == 1 {
            return .loopback
        }
        let isLocal = Self.localNetworks.contains { isInside($0.network, length: $0.length) }
        return isLocal ? .local : .global
    }

    private static let localNetworks: [(network: IPAddress, length: Int)] = [
        ("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("169.254.0.0", 16), ("100.64.0.0", 10),
        ("fc00::", 7), ("fe80::", 10),
    ].compactMap { text, length in IPAddress(text).map { ($0, length) } }

    /// As inet_ntop(3) writes it.
    public var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        octets.withUnsafeBytes { address in
            _ = inet_ntop(isIPv4 ? AF_INET : AF_INET6, address.baseAddress, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
