// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The limits of the process's control group (`MemoryMax=`, `MemoryHigh=`; systemd.resource-control(5)).
public struct ControlGroup: Sendable {
    private let membership: String
    private let root: String

    /// - Parameters:
    ///   - membership: as cgroups(7) describes `/proc/self/cgroup`.
    ///   - root: where the unified hierarchy is mounted.
    public init(membership: String = "/proc/self/cgroup", root: String = "/sys/fs/cgroup") {
        self.membership = membership
        self.root = root
    }

    /// The octets of memory beyond which the kernel throttles or kills the process: the least of `memory.high` and
    /// `memory.max` of its group and the groups around it. nil if there is no such bound, or no unified hierarchy.
    public var memory: Int? {
        guard var group = path else { return nil }
        var least: Int?
        while true {
            for name in ["memory.high", "memory.max"] {
                // No such file, or "max": no bound.
                guard let bound = (try? text("\(root)\(group)/\(name)")).flatMap(Int.init) else { continue }
                least = min(least ?? bound, bound)
            }
            guard let slash = group.lastIndex(of: "/"), group != "/" else { return least }
            group = String(group[..<slash])
        }
    }

    /// The line `0::/system.slice/mailmoved.service`.
    private var path: String? {
        guard let lines = try? text(membership).split(separator: "\n"),
            let line = lines.first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        return String(line.dropFirst("0::".count))
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
