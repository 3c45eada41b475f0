// SPDX-License-Identifier: Apache-2.0

/// A result's member that is always there, as null where there is nothing to tell. (What the compiler makes of a
/// plain `Optional` leaves the member out.)
@propertyWrapper
public struct OrNull<Value: Codable & Sendable>: Codable, Sendable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension OrNull: Equatable where Value: Equatable {}
extension OrNull: Hashable where Value: Hashable {}

extension KeyedDecodingContainer {
    /// A client is not troubled by a daemon that leaves the member out.
    public func decode<Value>(_: OrNull<Value>.Type, forKey key: Key) throws -> OrNull<Value> {
        OrNull(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
    }
}

extension KeyedEncodingContainer {
    /// Without a detour through a single-value container.
    public mutating func encode<Value>(_ member: OrNull<Value>, forKey key: Key) throws {
        if let value = member.wrappedValue { try encode(value, forKey: key) } else { try encodeNil(forKey: key) }
    }
}

extension OrNull: CustomStringConvertible {
    /// The value's, or `nil`.
    public var description: String { wrappedValue.map { "\($0)" } ?? "nil" }
}
