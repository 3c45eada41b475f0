// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Synchronization
import Testing

extension Integration {
    /// What can be wrong with where mail goes, made for real: the status says what, and what to do; nobody else is
    /// concerned; nothing is lost; and the move goes on by itself when it is over.
    @Suite(.enabled(if: FileSystem.isAvailable, "needs root, to mount file systems")) struct MailStoreFaultTests {
        private func annsFolder(_ daemon: DaemonProcess) -> URL {
            daemon.maildir(of: Faults.ann).deletingLastPathComponent()
        }

        @Test func aDiskThatIsFullStopsItsOwnAccountAlone() async throws {
            try await Faults.running { faults in
                let disk = try FileSystem(.tmpfs(kilobytes: 256), at: annsFolder(faults.daemon))
                defer { disk.remove() }
                try await faults.expectOnlyAnnFails("free space")
                try disk.remount("size=64m")
                try await faults.expectAnnArrives()
            }
        }

        @Test func aDiskThatFillsUpInTheMiddleKeepsWhatHasArrived() async throws {
            try await Faults.running(pace: 10) { faults in
                let disk = try FileSystem(.tmpfs(kilobytes: 8192), at: annsFolder(faults.daemon))
                defer { disk.remove() }
                try await faults.platform.trigger(Faults.ann)
                try await faults.someOfAnnsMail()
                disk.fill()
                try await faults.expectAnnFails("free space")
                let moved = try await faults.platform.status(Faults.ann).moved
                #expect(moved > 0)
                disk.empty()
                try await faults.expectAnnArrives()
            }
        }

        @Test func aFullMailStoreShowsInTheServicesStatus() async throws {
            try await Faults.running { faults in
                let disk = try FileSystem(.tmpfs(kilobytes: 8192), at: faults.daemon.folder.appending(path: "mail"))
                defer { disk.remove() }
                try await faults.expectService()
                disk.fill()
                try await faults.expectService(mailStore: false)
                disk.empty()
                try await faults.expectService()
            }
        }

        @Test(.enabled(if: FileSystem.hasBtrfs, "needs mkfs.btrfs"))
        func aMailboxOverQuotaStopsAndGoesOn() async throws {
            try await Faults.running { faults in
                let disk = try FileSystem(.btrfs(megabytes: 128), at: annsFolder(faults.daemon))
                defer { disk.remove() }
                try FileSystem.run(["btrfs", "quota", "enable", disk.folder.path])
                try FileSystem.run(["btrfs", "qgroup", "limit", "300K", disk.folder.path])
                try await faults.expectOnlyAnnFails("quota")
                try FileSystem.run(["btrfs", "qgroup", "limit", "none", disk.folder.path])
                try await faults.expectAnnArrives()
            }
        }

        @Test func aReadOnlyFileSystemIsSaidToBeOne() async throws {
            try await Faults.running { faults in
                let disk = try FileSystem(.tmpfs(kilobytes: 65536), at: faults.daemon.folder.appending(path: "mail"))
                defer { disk.remove() }
                try disk.setReadOnly(true)
                try await faults.platform.trigger(Faults.ann)
                try await faults.expectAnnFails("mount the file system writable")
                try await faults.expectService(mailStore: false)
                try disk.setReadOnly(false)
                try await faults.expectAnnArrives()
                try await faults.expectService()
            }
        }

        /// Its disk is mounted again under the running daemon, which therefore has no file left open there.
        @Test(.enabled(if: FileSystem.hasLoopDevices, "needs loop devices"))
        func aDeviceThatFailsInTheMiddleStopsItsOwnAccountAlone() async throws {
            try await Faults.running(pace: 10) { faults in
                let disk = try FileSystem(.ext4(megabytes: 64), at: annsFolder(faults.daemon))
                defer { disk.remove() }
                try await faults.platform.trigger(Faults.ann)
                try await faults.platform.trigger(Faults.bob)
                try await faults.someOfAnnsMail()
                try disk.cutOff()
                try await faults.expectAnnFails("the device fails")
                let bob = try await faults.platform.settled(Faults.bob)
                #expect(bob.status == .completed)
                faults.platform.expectArrived(Faults.bobsMail.map(\.octets), Faults.bob)
                for attempt in 0... {
                    do {
                        try disk.mountAgain()
                        break
                    } catch {
                        guard attempt < 100 else { throw error }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
                try await faults.expectAnnArrives()
            }
        }

        @Test(.enabled(if: FileSystem.hasLoopDevices, "needs loop devices"))
        func aMailStoreThatHangsShowsInTheServicesStatus() async throws {
            try await Faults.running { faults in
                let disk = try FileSystem(.ext4(megabytes: 64), at: faults.daemon.folder.appending(path: "mail"))
                defer { disk.remove() }
                try await faults.expectService()
                try disk.freeze()
                try await faults.expectService(mailStore: false)
                let text = try await faults.platform.admin.getServiceStatus().statusText
                #expect(text.contains("the mail store does not answer"))
                // Passwords are judged all the same.
                let login = try await faults.platform.logIn(password: Platform.newPassword)
                #expect(login.decision == .accept)
                disk.thaw()
                try await faults.expectService()
            }
        }

        /// More accounts than a file system has threads, all of them in the middle of their moves.
        @Test(.enabled(if: FileSystem.hasLoopDevices, "needs loop devices"))
        func aFileSystemThatHangsHoldsUpItsOwnAccountsAlone() async throws {
            try await Faults.running { faults in
                let mail = faults.daemon.folder.appending(path: "mail")
                let disks = try ["slow.example", "example.com"].map {
                    try FileSystem(.ext4(megabytes: 64), at: mail.appending(path: $0))
                }
                defer { for disk in disks { disk.remove() } }
                let isHeld = Mutex(true)
                var options = MailboxServer.Options()
                options.answer = { line in
                    while line == "RETR 60", isHeld.withLock({ $0 }) { usleep(2000) }
                    return nil
                }
                let users = (0..<12).map { "user\($0)@slow.example" }
                let server = try MailboxServer(
                    passwords: Dictionary(uniqueKeysWithValues: users.map { ($0, Platform.oldPassword) }),
                    mail: Dictionary(uniqueKeysWithValues: users.map { ($0, messages(0..<120)) }), options: options)
                defer {
                    isHeld.withLock { $0 = false }
                    server.stop()
                }
                try await faults.platform.create(users)
                try await faults.platform.enable(.loopback(port: server.port)) {
                    $0.domain = try DomainName("slow.example")
                }
                for user in users { try await faults.platform.trigger(user) }
                for user in users { _ = try await faults.platform.status(user) { $0.moved > 0 } }
                try disks[0].freeze()
                isHeld.withLock { $0 = false }
                for user in [Faults.ann, Faults.bob] {
                    try await faults.platform.trigger(user)
                    #expect(try await faults.platform.settled(user).status == .completed)
                }
                faults.platform.expectArrived(Faults.annsMail.map(\.octets), Faults.ann)
                for user in users { #expect(try await faults.platform.status(user).status == .inProgress) }
                disks[0].thaw()
                for user in users {
                    let status = try await faults.platform.status(user, seconds: 120) { $0.status == .completed }
                    #expect(status.moved == 120)
                    faults.platform.expectArrived(messages(0..<120).map(\.octets), user)
                }
            }
        }

        @Test func aFileWhereTheMaildirShouldBeIsNamed() async throws {
            try await Faults.running { faults in
                let maildir = faults.daemon.maildir(of: Faults.ann)
                try FileManager.default.createDirectory(
                    at: annsFolder(faults.daemon), withIntermediateDirectories: true)
                try Data("not a folder".utf8).write(to: maildir)
                try await faults.expectOnlyAnnFails("move it out of the way")
                #expect(try Data(contentsOf: maildir) == Data("not a folder".utf8))
                try FileManager.default.removeItem(at: maildir)
                try await faults.expectAnnArrives()
            }
        }

        @Test func missingRightsAreNamedWithTheUserThatLacksThem() async throws {
            try await Faults.running(as: Faults.nobody) { faults in
                let folder = annsFolder(faults.daemon)
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                chown(folder.deletingLastPathComponent().path, Faults.nobodyID, Faults.nobodyID)
                chmod(folder.path, 0o700)  // root's
                try await faults.expectOnlyAnnFails("uid \(Faults.nobodyID)")
                chown(folder.path, Faults.nobodyID, Faults.nobodyID)
                try await faults.expectAnnArrives()
            }
        }

        /// A clean-up that knows no Maildirs, in the moments between writing and delivering.
        @Test func whatIsTakenOutOfTmpIsFetchedAgain() async throws {
            try await Faults.running(pace: 5) { faults in
                let cleaning = Task {
                    while !Task.isCancelled {
                        for file in faults.daemon.files(of: Faults.ann, in: "tmp") {
                            try? FileManager.default.removeItem(at: file)  // delivered meanwhile
                        }
                        try? await Task.sleep(for: .milliseconds(1))  // cancelled: the loop ends
                    }
                }
                try await faults.platform.trigger(Faults.ann)
                try await faults.expectAnnFails("taken away")
                cleaning.cancel()
                _ = await cleaning.value
                try await faults.expectAnnArrives()
            }
        }

        /// As long as it is not mounted nothing is put below its mount point.
        @Test func aMailStoreThatIsNotMountedIsWaitedFor() async throws {
            try await Faults.running { faults in
                let mail = faults.daemon.folder.appending(path: "mail")
                try FileManager.default.removeItem(at: mail)
                try await faults.platform.trigger(Faults.ann)
                try await faults.expectAnnFails("mount it")
                try await faults.expectService(mailStore: false)
                #expect(!FileManager.default.fileExists(atPath: mail.path))
                try FileManager.default.createDirectory(at: mail, withIntermediateDirectories: true)
                try await faults.expectAnnArrives()
                try await faults.expectService()
            }
        }

        @Test func loginsGoOnWhileMailCannotBeDelivered() async throws {
            try await Faults.running { faults in
                try FileManager.default.removeItem(at: faults.daemon.folder.appending(path: "mail"))
                let first = try await faults.platform.logIn()
                #expect(first.decision == .accept)
                #expect(first.passwordReplaced)
                try await faults.expectAnnFails("mount it")
                let second = try await faults.platform.logIn()
                #expect(second.decision == .accept)
            }
        }
    }
}
