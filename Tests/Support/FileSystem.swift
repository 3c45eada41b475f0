// SPDX-License-Identifier: Apache-2.0

public import Foundation
import Glibc
import Synchronization

/// A file system of a test's own, which may be too small, read-only, or cut off. Needs root; a real one each time.
///
///     let disk = try FileSystem(.ext4(megabytes: 64), at: daemon.folder.appending(path: "mail"))
///     defer { disk.remove() }
public final class FileSystem: Sendable {
    public enum Kind: Sendable {
        /// In memory; a limit on its octets.
        case tmpfs(kilobytes: Int)
        /// On a loop device.
        case ext4(megabytes: Int)
        /// On a loop device; at least 300 MB, of which few are used.
        case xfs(megabytes: Int)
        /// On a loop device; it knows quotas.
        case btrfs(megabytes: Int)
    }

    /// A command that failed.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let folder: URL
    private let image: String
    private let isMounted = Mutex(false)
    private let isFrozen = Mutex(false)

    /// Whether this process may mount.
    public static let isAvailable = geteuid() == 0 && works(.tmpfs(kilobytes: 64))
    /// Whether there are loop devices to mount images by.
    public static let hasLoopDevices = isAvailable && works(.ext4(megabytes: 8))
    public static let hasXFS = hasLoopDevices && works(.xfs(megabytes: 300))
    public static let hasBtrfs = hasLoopDevices && works(.btrfs(megabytes: 128))

    private static func works(_ kind: Kind) -> Bool {
        let folder = URL(filePath: "/var/tmp/mailmove-mount-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: folder) }
        do {
            try FileSystem(kind, at: folder).remove()
            return true
        } catch {
            return false
        }
    }

    /// Makes it and mounts it at `folder`, which is made where it is missing.
    public init(_ kind: Kind, at folder: URL) throws {
        self.folder = folder
        image = folder.path + ".image"
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch kind {
        case .tmpfs(let kilobytes):
            try Self.run(["mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder.path])
        case .ext4(let megabytes): try make(megabytes, by: ["mkfs.ext4", "-q", "-F"])
        case .xfs(let megabytes): try make(megabytes, by: ["mkfs.xfs", "-q", "-f"])
        case .btrfs(let megabytes): try make(megabytes, by: ["mkfs.btrfs", "-q", "-f"])
        }
        isMounted.withLock { $0 = true }
    }

    private func make(_ megabytes: Int, by program: [String]) throws {
        try Self.run(["truncate", "-s", "\(megabytes)M", image])
        try Self.run(program + [image])
        try Self.run(["mount", "-o", "loop", image, folder.path])
    }

    deinit { remove() }

    /// Takes it down, whoever uses it still.
    public func remove() {
        thaw()
        let wasMounted = isMounted.withLock { isMounted in
            defer { isMounted = false }
            return isMounted
        }
        if wasMounted { _ = try? Self.run(["umount", "-l", folder.path]) }  // left behind at worst
        try? FileManager.default.removeItem(atPath: image)
    }

    /// Changes its options, `ro` or `size=4m` say.
    public func remount(_ options: String) throws { try Self.run(["mount", "-o", "remount,\(options)", folder.path]) }

    /// Whether the folder is mounted read-only, or may be written again.
    public func setReadOnly(_ isReadOnly: Bool) throws {
        // The mount, not the file system: open files do not hinder it.
        try Self.run(["mount", "-o", "remount,bind,\(isReadOnly ? "ro" : "rw")", folder.path])
    }

    /// From now on whoever writes there waits, as on a server or a disk that answers nothing (fsfreeze(8)); not even
    /// `SIGKILL` ends that. A file system on a loop device.
    public func freeze() throws {
        try Self.run(["fsfreeze", "--freeze", folder.path])
        isFrozen.withLock { $0 = true }
    }

    /// It answers again.
    public func thaw() {
        let wasFrozen = isFrozen.withLock { isFrozen in
            defer { isFrozen = false }
            return isFrozen
        }
        // Where this fails nothing but a restart of the machine helps, and the test says what it waits for.
        if wasFrozen { _ = try? Self.run(["fsfreeze", "--unfreeze", folder.path]) }
    }

    /// Cuts it off as a power cut does: from now on every call fails with `EIO`, and what had not been made durable,
    /// data and names, is gone (EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN, without flushing the journal).
    public func cutOff() throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(description: "\(folder.path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var withoutFlushing: UInt32 = 2
        guard ioctl(descriptor, 0x8004_587D, &withoutFlushing) == 0 else {
            throw Failure(description: "cutting off \(folder.path): \(String(cString: strerror(errno)))")
        }
    }

    /// After a cut: the file system's own recovery, from what was durable. Fails where somebody keeps a file open.
    public func mountAgain() throws {
        // A reader may be in one of its folders at this moment.
        var triesLeft = 500
        while true {
            do {
                try Self.run(["umount", folder.path])
                break
            } catch {
                triesLeft -= 1
                guard triesLeft > 0 else { throw error }
                usleep(10_000)
            }
        }
        isMounted.withLock { $0 = false }
        // A server that was started meanwhile, in a mount namespace of its own, has it mounted until it ends.
        triesLeft = 3000
        while try !Self.run(["losetup", "--noheadings", "--associated", image]).isEmpty, triesLeft > 0 {
            triesLeft -= 1
            usleep(50_000)
        }
        try Self.run(["mount", "-o", "loop", image, folder.path])
        isMounted.withLock { $0 = true }
    }

    /// Fills it to the last block.
    public func fill() {
        let name = folder.path + "/filling"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        for size in [65536, 4096, 512, 1] {
            let octets = [UInt8](repeating: 0, count: size)
            while write(descriptor, octets, size) > 0 {}
        }
        fsync(descriptor)
        close(descriptor)
    }

    /// Makes room again.
    public func empty() { unlink(folder.path + "/filling") }

    /// Runs a program to its end; what it has put out.
    @discardableResult
    public static func run(_ command: [String]) throws -> String {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        process.standardOutput = output
        process.standardError = errors
        try process.runTakingSignals()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description: "\(command.joined(separator: " ")): \(String(decoding: said, as: UTF8.self))")
        }
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
