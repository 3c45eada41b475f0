// SPDX-License-Identifier: Apache-2.0

/// The IP address of a user's client, in one form however it was written.
public struct ClientAddress: Hashable, Sendable, CustomStringConvertible {
    private let address: IPAddress

    /// nil if `text` is no IP address. An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) is the IPv4 address.
    public init?(_ text: String) {
        guard let address = IPAddress(text) else { return nil }
        self.init(address)
    }

    /// The same, also accepting the forms in logs and headers: with a port, in brackets, with a link's zone.
    public init?(written text: String) {
        var text = text[...]
        if text.first == "[", let end = text.firstIndex(of: "]") {
            text = text[text.index(after: text.startIndex)..<end]
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            text = text[..<colon]
        }
        if let zone = text.firstIndex(of: "%") { text = text[..<zone] }
        self.init(String(text))
    }

    /// All addresses that one client can choose freely count as one: an IPv6 address counts by its /64 (RFC 4291
    /// §2.5.1).
    public var network: ClientAddress {
        if address.isIPv4 { return self }
        return IPAddress(octets: address.octets.prefix(8) + Array(repeating: 0, count: 8)).map(Self.init) ?? self
    }

    public func isInside(_ network: IPNetwork) -> Bool { network.contains(address) }

    private init(_ address: IPAddress) { self.address = address }

    /// As inet_ntop(3) writes it.
    public var description: String { address.description }
}
