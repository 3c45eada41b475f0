// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A C library that is loaded only where it is configured, so that a plain installation needs none.
struct DynamicLibrary: @unchecked Sendable {
    // Proof: the handle is only ever read, and dlsym(3) is safe from any thread.
    private let handle: UnsafeMutableRawPointer

    /// - Parameters:
    ///   - name: its file, such as `libpq.so.5`.
    ///   - package: what brings it on Debian.
    init(_ name: String, package: String) throws(SQLFailure) {
        guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else {
            throw SQLFailure("\(name) cannot be loaded; install it: apt-get install \(package)")
        }
        self.handle = handle
    }

    /// The function of that name.
    func function<Function>(_ name: String, as _: Function.Type) throws(SQLFailure) -> Function {
        guard let symbol = dlsym(handle, name) else { throw SQLFailure("the library has no \(name)") }
        return unsafeBitCast(symbol, to: Function.self)
    }
}
