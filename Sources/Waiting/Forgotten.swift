// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reports that something was released that should have been ended first. The object's `deinit` calls this as a safety
/// net: if it ever does, the object's owner has a bug.
package func reportForgotten(_ what: StaticString) {
    let line = "mailmove: \(what) was let go of, not ended; please report this\n"
    // To the journal or a terminal; if that fails, nothing more can be done.
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
