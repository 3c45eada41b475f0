// SPDX-License-Identifier: Apache-2.0

import Foundation
import POP3
import Support
import Synchronization
import Testing
import Vocabulary

/// A real TLS 1.2 server that asks for another handshake in the middle of a session (`openssl s_server`), by which
/// others have been made to take what was said before it for what was said after (CVE-2009-3555).
@Suite(.timeLimit(.minutes(5))) struct RenegotiationTests {
    private struct Ended: Error {
        let said: String
    }

    /// What is typed at `s_server` is sent; a line with nothing but `r` asks for the handshake.
    private final class Server: Sendable {
        let port: Int
        private let folder: URL
        private let process: Mutex<Process>
        private let input = Pipe()
        private let output = Pipe()

        init() async throws {
            port = try LoopbackSocket.freePort()
            folder = URL(filePath: "/tmp/mailmove-tls-\(UUID().uuidString.prefix(8))")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let (key, certificate) = (folder.path + "/key", folder.path + "/certificate")
            try FileSystem.run([
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=old.example", "-keyout", key, "-out", certificate,
            ])
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = [
                "s_server", "-accept", "127.0.0.1:\(port)", "-tls1_2", "-key", key, "-cert", certificate, "-crlf",
                "-naccept", "1",
            ]
            process.standardInput = input
            process.standardOutput = output
            process.standardError = output
            try process.runTakingSignals()
            self.process = Mutex(process)
            try await waitFor("ACCEPT")
        }

        deinit {
            process.withLock { $0.terminate() }
            try? FileManager.default.removeItem(at: folder)  // left behind in /tmp at worst
        }

        /// Reads what it says until that comes.
        func waitFor(_ text: String) async throws {
            let output = output
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                Thread.detachNewThread {
                    var said = ""
                    while !said.contains(text) {
                        let octets = output.fileHandleForReading.availableData
                        guard !octets.isEmpty else {
                            return continuation.resume(throwing: Ended(said: said))
                        }
                        said += String(decoding: octets, as: UTF8.self)
                    }
                    continuation.resume()
                }
            }
        }

        func say(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8)) }

        var everything: String {
            process.withLock { $0.terminate() }
            return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
    }

    @Test func aServerThatWantsAnotherHandshakeIsTrustedNoMore() async throws {
        let server = try await Server()
        let port = server.port
        let visit = Task {
            try await HostileServer.visit(
                port: port, security: .tls, certificate: CertificateCheck(verify: .none))
        }
        try await server.waitFor("CIPHER")
        try server.say("+OK ready")
        try await server.waitFor("CAPA")
        try server.say("r")
        try? server.say("+OK\nUSER\n.\n+OK\n+OK")  // it may have ended
        let error = await #expect(throws: POP3Error.self) { _ = try await visit.value }
        #expect(error?.code == .untrusted, "\(String(describing: error))")
        #expect(error?.description.contains("renegotiation") == true)
        let said = server.everything
        #expect(!said.contains("PASS") && !said.contains("open sesame"), "\(said)")
    }
}
