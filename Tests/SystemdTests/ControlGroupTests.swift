// SPDX-License-Identifier: Apache-2.0

import Foundation
import Systemd
import Testing

@Suite struct ControlGroupTests {
    /// The memory seen by a process of group `/system.slice/mailmoved.service`, where these files are.
    private func memory(_ files: [String: String], membership: String? = nil) throws -> Int? {
        let root = FileManager.default.temporaryDirectory.appending(path: "cgroup-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let group = root.appending(path: "system.slice/mailmoved.service")
        try FileManager.default.createDirectory(at: group, withIntermediateDirectories: true)
        for (name, text) in files { try Data((text + "\n").utf8).write(to: root.appending(path: name)) }
        let own = root.appending(path: "self")
        try Data((membership ?? "0::/system.slice/mailmoved.service\n").utf8).write(to: own)
        return ControlGroup(membership: own.path, root: root.path).memory
    }

    @Test func theLeastBoundOfItsGroupAndThoseAroundItHolds() throws {
        #expect(
            try memory([
                "system.slice/mailmoved.service/memory.high": "max",
                "system.slice/mailmoved.service/memory.max": "536870912",
                "system.slice/memory.high": "268435456", "system.slice/memory.max": "max", "memory.max": "999999999999",
            ]) == 268_435_456)
        #expect(try memory(["system.slice/mailmoved.service/memory.max": "104857600"]) == 104_857_600)
    }

    @Test func withoutABoundThereIsNone() throws {
        #expect(try memory(["system.slice/mailmoved.service/memory.max": "max"]) == nil)
        #expect(try memory([:]) == nil)
    }

    /// cgroups(7): with version 1 alone, or with both.
    @Test func anOlderHierarchyIsNoBound() throws {
        let files = ["system.slice/mailmoved.service/memory.max": "1000"]
        #expect(try memory(files, membership: "4:memory:/system.slice/mailmoved.service\n") == nil)
        #expect(try memory(files, membership: "4:memory:/x\n0::/system.slice/mailmoved.service\n") == 1000)
    }

    @Test func aMachineWithoutControlGroupsHasNone() {
        #expect(ControlGroup(membership: "/nonexistent", root: "/nonexistent").memory == nil)
    }
}
