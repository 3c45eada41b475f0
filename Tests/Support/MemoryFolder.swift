// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Where a server of a test keeps what nobody needs after it: in memory, so that its syncs hold up no other test's.
enum MemoryFolder {
    static func named(_ name: String) -> URL {
        URL(filePath: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/var/tmp").appending(path: name)
    }
}
