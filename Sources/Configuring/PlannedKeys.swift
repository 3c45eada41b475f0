// SPDX-License-Identifier: Apache-2.0

import Glibc

extension ConfigurationKey {
    /// All keys that may occur in a file, a flag or the environment: those that are built, and those that are not.
    static let known = all + planned

    /// Keys that are described but not built yet. Any value but the default prevents the start with an explanation;
    /// otherwise a planned key would be reported as a misspelling.
    static let planned: [ConfigurationKey] = [
        .init(planned: "mailStore.maildir.shared", "false", others: ["true is"]),
        .init(planned: "database.leaseSeconds", "15"),
        .init(planned: "node.name", hostName),
    ]

    private static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()
}
