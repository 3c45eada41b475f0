// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc

/// A folder whose file system comes and goes: while it is not mounted there is an empty folder in its place. What is in
/// it stays. Needs root.
public final class BoundFolder: Sendable {
    public let folder: URL
    private let disk: FileSystem

    /// Mounts an empty file system at `folder`, an empty folder.
    public init(at folder: URL, kilobytes: Int) throws {
        self.folder = folder
        // Mounted elsewhere, too, so that it outlives its absence here.
        disk = try FileSystem(.tmpfs(kilobytes: kilobytes), at: folder.appendingPathExtension("disk"))
        try mount()
    }

    public func mount() throws { try FileSystem.run(["mount", "--bind", disk.folder.path, folder.path]) }

    /// Fails where somebody keeps a file open there.
    public func unmount() throws {
        // A reader may be in one of its folders at this moment.
        for _ in 0..<500 {
            if (try? FileSystem.run(["umount", folder.path])) != nil { return }
            usleep(10_000)
        }
        try FileSystem.run(["umount", folder.path])
    }

    /// Takes it down, whoever uses it still.
    public func remove() {
        _ = try? FileSystem.run(["umount", "-l", folder.path])  // not mounted, or left behind at worst
        disk.remove()
    }
}
