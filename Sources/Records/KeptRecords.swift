// SPDX-License-Identifier: Apache-2.0

/// Small values under names, which the program keeps for itself.
public protocol KeptRecords: Sendable {
    func kept(_ name: String) async throws -> [UInt8]?
    /// Sets the values that differ from these.
    func keep(_ values: [String: [UInt8]]) async throws
    /// The values under these names; a name without one is given the value from `values` first.
    func kept(orElse values: [String: [UInt8]]) async throws -> [String: [UInt8]]
}

extension KeptRecords {
    /// The value under a name; if there is none, it is set to `value` first.
    public func kept(_ name: String, orElse value: [UInt8]) async throws -> [UInt8] {
        try await kept(orElse: [name: value])[name] ?? value
    }
}
