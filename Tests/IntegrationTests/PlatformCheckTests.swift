// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

extension Integration {
    /// `mailmoved --check` before mail goes into the platform's own IMAP server, as an administrator runs it.
    @Suite struct PlatformCheckTests {
        private func check(
            _ platform: MailPlatform, password: String = MailPlatform.masterPassword, _ more: [String] = []
        ) async throws -> (status: Int32, output: String) {
            let folder = FileManager.default.temporaryDirectory.appending(path: "mm-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }  // left behind in /tmp at worst
            let secret = folder.appending(path: "imap-master")
            try Data("\(password)\n".utf8).write(to: secret)
            return try await ProgramRun.output(
                of: try DaemonProcess.executable.path,
                [
                    "--check", "--mail-store-kind", "imap", "--mail-store-imap-address",
                    "127.0.0.1:\(platform.line.port)", "--mail-store-imap-security", "none",
                    "--mail-store-imap-master-user", MailPlatform.master, "--mail-store-imap-master-password-file",
                    secret.path, "--database-url", "sqlite:\(folder.path)/mailmove.db",
                ] + more)
        }

        @Test func aPlatformThatTakesMailIsSaidToDoSoAndIsLeftAsItWas() async throws {
            let platform = try await MailPlatform(users: [Platform.ann])
            defer { platform.stop() }
            let (status, output) = try await check(platform, ["--mailbox", Platform.ann])
            #expect(status == 0, "\(output)")
            #expect(output.contains("as they were sent") && output.contains(Platform.ann), "\(output)")
            #expect(try platform.messages(of: Platform.ann).isEmpty)
            let reader = try platform.reader(of: Platform.ann)
            defer { reader.leave() }
            #expect(try reader.folders() == ["INBOX"])
            let nobody = try await check(platform)
            #expect(nobody.status == 0 && nobody.output.contains("--mailbox ADDRESS"), "\(nobody.output)")
        }

        @Test func whatIsWrongIsSaidAndNoPasswordIs() async throws {
            let platform = try await MailPlatform(users: [Platform.ann])
            defer { platform.stop() }
            let wrong = try await check(platform, password: "not-The-Key", ["--mailbox", Platform.ann])
            #expect(wrong.status == 78 && wrong.output.contains("imap-master"), "\(wrong.output)")
            #expect(!wrong.output.contains("not-The-Key"))
            let unknown = try await check(platform, ["--mailbox", "nobody@example.com"])
            #expect(unknown.output.contains("nobody@example.com"), "\(unknown.output)")
            platform.dovecot.stop()
            let away = try await check(platform, ["--mailbox", Platform.ann])
            // It may be back in a moment.
            #expect(away.status == 0 && away.output.contains("127.0.0.1"), "\(away.output)")
        }
    }
}
