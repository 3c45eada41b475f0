// SPDX-License-Identifier: Apache-2.0

/// What a mailbox may hold, and holds (RFC 9208 §4.2.1).
public struct Quota: Hashable, Sendable {
    public struct Resource: Hashable, Sendable {
        /// In capitals: `STORAGE`, in units of 1,024 octets; `MESSAGE`.
        public var name: String
        public var used: UInt64
        public var limit: UInt64
    }

    public var resources: [Resource] = []
}

extension Reader {
    /// `"User quota" (STORAGE 10 512 MESSAGE 3 1000)`
    mutating func quota() throws(Unreadable) -> Quota {
        _ = try string()
        var quota = Quota()
        try list { reader throws(Unreadable) in
            let name = try reader.atom().uppercasedText
            let used = try reader.numberIfAny(UInt64.self)
            guard let used, let limit = try reader.numberIfAny(UInt64.self) else { return }
            quota.resources.append(Quota.Resource(name: name, used: used, limit: limit))
        }
        return quota
    }
}
