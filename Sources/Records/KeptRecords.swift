// SPDX-License-Identifier: Apache-2.0

/// Small values under names, which the program keeps for itself.
public protocol KeptRecords: Sendable {
    func kept(_ name: String) async throws -> [UInt8]?
    /// Sets values that are not what they are to be.
    func keep(_ values: [String: [UInt8]]) async throws
    /// The value under a name; where there is none, `value` from now on.
    func kept(_ name: String, orElse value: [UInt8]) async throws -> [UInt8]
}
