// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A C library that is loaded only where it is configured, so that a plain installation needs none.
package struct DynamicLibrary: @unchecked Sendable {
    // Proof: the handle is only ever read, and dlsym(3) is safe from any thread.
    private let handle: UnsafeMutableRawPointer

    /// - Parameters:
    ///   - names: its file, such as `libpq.so.5`; the first that is there.
    ///   - package: what brings it on Debian.
    package init(_ names: String..., package: String) throws(ConnectionFailure) {
        for name in names {
            guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
            self.handle = handle
            return
        }
        throw ConnectionFailure("\(names[0]) cannot be loaded; install it: apt-get install \(package)")
    }

    /// The function of that name.
    package func function<Function>(_ name: String, as _: Function.Type) throws(ConnectionFailure) -> Function {
        guard let symbol = dlsym(handle, name) else { throw ConnectionFailure("the library has no \(name)") }
        return unsafeBitCast(symbol, to: Function.self)
    }
}
