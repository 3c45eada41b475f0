// SPDX-License-Identifier: Apache-2.0

public import JSONWire
public import Secrets

/// A password goes from the wire straight into guarded memory …
extension Password: OctetsDecodable {
    public convenience init(jsonString octets: UnsafeRawBufferPointer) throws { self.init(octets: octets) }
}

/// … and, in a client, from there to the wire. No result holds one.
extension Password: OctetsEncodable {
    public func withJSONString<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withOctets { octets in try body(octets) }
    }
}
