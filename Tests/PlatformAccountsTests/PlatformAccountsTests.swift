// SPDX-License-Identifier: Apache-2.0

import AccountDirectory
import Foundation
import Logging
import PlatformHashes
import Secrets
import Support
import Synchronization
import Testing
import Vocabulary

@testable import PlatformAccounts

/// What all of a platform's accounts have in common.
@Suite(.timeLimit(.minutes(5))) struct PlatformAccountsTests {
    private let ann: EmailAddress

    init() throws { ann = try EmailAddress("ann@example.com") }

    private final class Lines: LogHandler, Sendable {
        let lines = Mutex<[String]>([])
        subscript(metadataKey _: String) -> Logger.Metadata.Value? {
            get { nil }
            set {}
        }
        var metadata: Logger.Metadata {
            get { [:] }
            set {}
        }
        var logLevel: Logger.Level {
            get { .trace }
            set {}
        }
        func log(event: LogEvent) { lines.withLock { $0.append("\(event.level): \(event.message)") } }
    }

    private func accounts(
        _ base: MemoryDirectory, flush: FlushAddress? = nil, key: Password? = nil, _ lines: Lines = Lines()
    ) -> PlatformAccounts {
        PlatformAccounts(base, form: .bcrypt, flush: flush, key: key, log: Logger(label: "test") { _ in lines })
    }

    @Test func thatTheyAreAwayAndBackIsSaidOnceEach() async throws {
        let base = MemoryDirectory([ann: DirectoryEntry(hash: "{A}1")])
        let lines = Lines()
        let accounts = accounts(base, lines)
        #expect(accounts.style == .bcrypt && !accounts.decidesLogins)
        base.isDown = true
        for _ in 0..<3 {
            await #expect(throws: DirectoryError.self) { try await accounts.lookup(ann, recorded: nil) }
        }
        base.isDown = false
        for _ in 0..<3 { #expect(try await accounts.lookup(ann, recorded: nil)?.hash == "{A}1") }
        let said = lines.lines.withLock { $0 }
        #expect(said.count == 2)
        #expect(said.first?.hasPrefix("error") == true && said.last?.hasPrefix("notice") == true)
    }

    /// After one who has waited in vain, one at a time asks, and the others are answered at once.
    @Test func afterASilenceOneAsksAtATime() {
        var silence = Silence()
        let start = ContinuousClock.now
        let (quick, slow) = (DirectoryError("refused"), DirectoryError("silent"))
        #expect(silence.admit(at: start) == .asks)
        silence.failed(quick, after: .milliseconds(5), at: start)
        #expect(silence.admit(at: start) == .asks)
        silence.failed(slow, after: .seconds(10), at: start)
        #expect(silence.admit(at: start) == .isRefused(slow))
        #expect(silence.admit(at: start + .seconds(1)) == .asks)
        #expect(silence.admit(at: start + .seconds(5)) == .isRefused(slow))
        silence.failed(quick, after: .milliseconds(5), at: start + .seconds(5))
        #expect(silence.admit(at: start + .seconds(5)) == .isRefused(quick))
        #expect(silence.admit(at: start + .seconds(6)) == .asks)
        silence.answered()
        for _ in 0..<3 { #expect(silence.admit(at: start + .seconds(6)) == .asks) }
    }

    private func script(_ text: String) async throws -> String {
        let path = NSTemporaryDirectory() + "/mailmove-flush-" + UUID().uuidString
        try Data("#!/bin/bash\n\(text)\n".utf8).write(to: URL(filePath: path + ".sh"))
        _ = try await ProgramRun.output(of: "/bin/cp", [path + ".sh", path])
        unlink(path + ".sh")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    @Test func aProgramIsGivenTheAddress() async throws {
        let mark = NSTemporaryDirectory() + "/mailmove-flushed-" + UUID().uuidString
        let path = try await script("echo \"$*\" >'\(mark)'")
        defer { for file in [mark, path] { unlink(file) } }
        let accounts = accounts(MemoryDirectory(), flush: .program(path))
        #expect(try await accounts.tryFlush(ann) == .done)
        #expect(try String(contentsOfFile: mark, encoding: .utf8) == "ann@example.com\n")
        #expect(try await self.accounts(MemoryDirectory()).tryFlush(ann) == .notConfigured)
    }

    @Test func whatFailsIsLoggedAndHoldsNobodyUp() async throws {
        let path = try await script("exit 3")
        defer { unlink(path) }
        let lines = Lines()
        await accounts(MemoryDirectory(), flush: .program(path), lines).flush(ann)
        #expect(lines.lines.withLock { $0 }.contains { $0.hasPrefix("error") && $0.contains("status 3") })
        let slow = try await script("sleep 600")
        defer { unlink(slow) }
        let error = await #expect(throws: DirectoryError.self) {
            try await accounts(MemoryDirectory(), flush: .program(slow)).tryFlush(ann)
        }
        #expect(error != nil)
    }

    /// Whoever answers in doveadm's place is told nothing, least of all the key.
    @Test func aDoveadmThatNobodyVouchesForIsToldNothing() async throws {
        let folder = NSTemporaryDirectory() + "/mailmove-doveadm-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["one", "other"] {
            let (status, output) = try await ProgramRun.output(
                of: "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", "\(folder)/\(name).key", "-out",
                    "\(folder)/\(name)",
                ])
            #expect(status == 0, "\(output)")
        }
        let port = try LoopbackSocket.freePort()
        let server = Process()
        server.executableURL = URL(filePath: "/usr/bin/openssl")
        server.arguments = [
            "s_server", "-accept", "127.0.0.1:\(port)", "-cert", "\(folder)/one", "-key", "\(folder)/one.key", "-quiet",
            "-www",
        ]
        server.standardInput = FileHandle.nullDevice
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.runTakingSignals()
        defer { server.terminate() }
        for _ in 0..<200 where !LoopbackSocket.isListening(port: port) {
            try await Task.sleep(for: .milliseconds(25))
        }
        func said(_ url: String) async throws -> String? {
            let address = try #require(DoveadmAddress(url))
            let accounts = accounts(MemoryDirectory(), flush: .doveadm(address), key: Password("secret"))
            do {
                _ = try await accounts.tryFlush(ann)
                return nil
            } catch {
                return "\(error)"
            }
        }
        // OpenSSL's page of figures is no answer of doveadm's, but it came through TLS.
        let place = "127.0.0.1:\(port)/doveadm/v1"
        #expect(try await said("https://\(place)?ssl-ca=\(folder)/one")?.contains("certificate") == false)
        #expect(try await said("https://\(place)?ssl-ca=\(folder)/other")?.contains("certificate") == true)
        #expect(try await said("https://\(place)")?.contains("certificate") == true)
        #expect(try await said("https://\(place)?ssl-ca=\(folder)/none")?.contains("trusted cannot be read") == true)
    }

    @Test func addressesOfDoveadmAreRead() throws {
        let plain = try #require(DoveadmAddress("http://127.0.0.1:8080"))
        #expect(plain.path == "/doveadm/v1" && plain.port == 8080 && plain.key == nil)
        let key = try #require(DoveadmAddress("http://se%40cret@[::1]:8080/doveadm/v1"))
        #expect(key.key == "se@cret" && key.host == "::1" && !key.description.contains("cret"))
        #expect(DoveadmAddress("http://doveadm:secret@mail.example:1/x")?.key == "secret")
        let encrypted = try #require(DoveadmAddress("https://k@mail.example:8443/x?ssl-ca=/etc/my%20ca.pem"))
        #expect(encrypted.isEncrypted && encrypted.authorities == "/etc/my ca.pem" && encrypted.path == "/x")
        #expect(encrypted.description == "https://mail.example:8443/x" && !encrypted.isNamedByAddress)
        #expect(plain.isNamedByAddress && key.isNamedByAddress && !plain.isEncrypted)
        for wrong in [
            "ftp://a:1", "http://a:1?ssl-ca=/x", "https://a:1?ssl-ca=x", "https://a:1?verify=no", "http://a",
            "http://:1", "http://a:0", "http://a:99999", "http://@a:1", "a:1",
        ] {
            #expect(DoveadmAddress(wrong) == nil, "\(wrong)")
        }
        #expect(FlushAddress("relative") == nil)
        #expect(FlushAddress("doveadm:http://k@h:1")?.text == "doveadm:http://h:1/doveadm/v1")
    }
}
