// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailMoveClient
import Support
import Testing

extension Integration {
    /// What a power cut leaves behind: of what was written, only what had been made durable. On real file systems,
    /// which forget the rest and recover by themselves. MAILMOVE_TEST_CUTS makes more of it (`make torture`).
    @Suite(.enabled(if: FileSystem.hasLoopDevices, "needs root and loop devices")) struct PowerCutTests {
        @Test func cutsOfExt4LoseNothingAndDoubleNothing() async throws {
            try await Self.cut(.ext4(megabytes: 192))
        }

        @Test(.enabled(if: FileSystem.hasXFS, "needs mkfs.xfs"))
        func cutsOfXFSLoseNothingAndDoubleNothing() async throws {
            try await Self.cut(.xfs(megabytes: 512))
        }

        @Test func cutsWhileMailMovesByIMAPLoseNothingAndDoubleNothing() async throws {
            try await Self.cut(.ext4(megabytes: 512), byIMAP: true)
        }

        /// The daemon's own machine is cut off; the platform is another.
        @Test(arguments: [false, true])
        func cutsWhileMailMovesIntoIMAPLoseNothingAndDoubleNothing(byIMAP: Bool) async throws {
            try await Self.cut(.ext4(megabytes: 192), byIMAP: byIMAP, intoIMAP: true, atLeast: 8)
        }

        private static func cut(
            _ kind: FileSystem.Kind, byIMAP: Bool = false, intoIMAP: Bool = false, atLeast blows: Int = 12
        ) async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            var scale = Hardship.Scale.of("MAILMOVE_TEST_CUTS", atLeast: blows)
            scale.blows = (scale.blows + 1) / 2  // the other half is the other file system's
            let hardship =
                byIMAP
                ? try await Hardship.byIMAP(scale, seed: seed, intoIMAP: intoIMAP)
                : intoIMAP
                    ? try await Hardship.intoIMAP(scale, seed: seed) : try Hardship(scale, seed: seed, pace: 4)
            let folder = hardship.daemon.folder
            let disk = try FileSystem(kind, at: folder.appending(path: "disk"))
            defer {
                hardship.daemon.kill()
                disk.remove()
            }
            for name in ["state", "mail"] {
                let inside = disk.folder.appending(path: name)
                try FileManager.default.createDirectory(at: inside, withIntermediateDirectories: true)
                try FileManager.default.removeItem(at: folder.appending(path: name))
                try FileManager.default.createSymbolicLink(
                    at: folder.appending(path: name), withDestinationURL: inside)
            }
            try FileSystem.run(["sync", "-f", disk.folder.path])
            let tally = try await hardship.run {
                try disk.cutOff()
                hardship.daemon.kill()
                try disk.mountAgain()
                let database = disk.folder.appending(path: "state/mailmove.db").path
                // Nothing is there yet where the power went in the daemon's first moments.
                if FileManager.default.fileExists(atPath: database) {
                    let integrity = try FileSystem.run(["sqlite3", database, "PRAGMA integrity_check"])
                    #expect(integrity == "ok", "seed \(seed)")
                }
            }
            print("power cut of \(kind)\(byIMAP ? ", by IMAP" : "")\(intoIMAP ? ", into IMAP" : ""), \(tally)")
            tally.expectNothingLost(seed)
        }
    }
}
