// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Says that something was let go of that should have been ended. Its `deinit`, which says so, is a net beneath whoever
/// had it: that it catches anything is a fault of theirs.
package func reportForgotten(_ what: StaticString) {
    let line = "mailmove: \(what) was let go of, not ended; please report this\n"
    // To the journal or a terminal; nothing more can be done where that fails.
    _ = Array(line.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
