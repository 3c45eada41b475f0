// SPDX-License-Identifier: Apache-2.0

/// Small values under names, which the program keeps for itself.
public protocol KeptRecords: Sendable {
    func kept(_ name: String) async throws -> [UInt8]?
    /// Sets values that are not what they are to be.
    func keep(_ values: [String: [UInt8]]) async throws
    /// What is kept under any of these names; where there is nothing, these values from now on.
    func kept(orElse values: [String: [UInt8]]) async throws -> [String: [UInt8]]
}

extension KeptRecords {
    /// The value under a name; where there is none, `value` from now on.
    public func kept(_ name: String, orElse value: [UInt8]) async throws -> [UInt8] {
        try await kept(orElse: [name: value])[name] ?? value
    }
}
