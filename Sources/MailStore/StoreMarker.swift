// SPDX-License-Identifier: Apache-2.0

/// Identifies a place of the mail store: a file of ours holds it there, and the records know it. A file system that is
/// not mounted, another disk, or a mailbox that others have created anew is thereby told from the place that mail was
/// moved to.
public struct StoreMarker: Hashable, Sendable, Codable, CustomStringConvertible {
    /// 32 hexadecimal digits, random, new with each place.
    public var identity: String

    /// - Returns: nil where `identity` is none.
    public init?(identity: some StringProtocol) {
        guard identity.utf8.count == 32, identity.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.identity = String(identity)
    }

    private init(random: (UInt64, UInt64)) {
        func digits(_ half: UInt64) -> String {
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        identity = digits(random.0) + digits(random.1)
    }

    /// One that no other place has.
    public static func random() -> StoreMarker {
        StoreMarker(random: (.random(in: .min ... .max), .random(in: .min ... .max)))
    }

    public var description: String { identity }
}

/// Where a store keeps a marker.
public enum StoreLevel: String, Sendable, Codable, CaseIterable {
    /// The directory that all mail is below.
    case base
    /// The directory that a domain's mail is below, if a link or a mount leads to a disk of its own.
    case domain
    case mailbox
}

/// By level; none for a level that does not exist or is not known.
public typealias StoreMarkers = [StoreLevel: StoreMarker]

/// How many messages runs have brought, by the number that a run is known by.
public typealias RunMarks = [Int64: Int64]
