// SPDX-License-Identifier: Apache-2.0

/// A range of IP addresses: `192.0.2.0/24`, or a single address.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    /// How many leading bits count.
    public let length: Int

    /// nil if `text` is neither an address nor a network.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        let longest = address.octets.count * 8
        self.address = address
        guard parts.count == 2 else {
            length = longest
            return
        }
        let digits = parts[1]
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(digits),
            (0...longest).contains(length)
        else { return nil }
        self.length = length
    }

    public func contains(_ other: IPAddress) -> Bool { other.isInside(address, length: length) }

    public var description: String {
        length == address.octets.count * 8 ? address.description : "\(address)/\(length)"
    }
}
