// SPDX-License-Identifier: Apache-2.0

import MailMoveClient
import Support
import Testing

extension Integration {
    /// Every way to speak to a real old server, with the right password and with a wrong one.
    @Suite struct MechanismTests {
        private static let mail = (0..<5).map { withLineFeeds(message($0)) }

        /// A server with one mailbox.
        private static func withDovecot(
            _ options: DovecotServer.Options, password: String = Platform.oldPassword,
            _ body: (DovecotServer) async throws -> Void
        ) async throws {
            let dovecot = try await DovecotServer(users: [Platform.ann: password], options: options)
            defer { dovecot.stop() }
            try dovecot.fill(Platform.ann, with: mail)
            try await body(dovecot)
        }

        /// A wrong password is a rejection, and the right one moves the mailbox.
        private static func move(
            from server: OldServerParameters, password: String = Platform.oldPassword,
            environment: [String: String] = [:]
        ) async throws {
            try await Platform.migrating(from: server, environment: environment) { platform in
                let wrong = try await platform.logIn(password: "a wrong one")
                #expect(wrong.decision == .reject, "\(String(describing: wrong.migration?.error))")
                #expect(try await platform.status().startedAt == nil)

                let right = try await platform.logIn(password: password)
                #expect(right.decision == .accept, "\(String(describing: right.migration?.error))")
                let status = try await platform.settled()
                #expect(status.status == .completed, "\(String(describing: status.error))")
                platform.expectArrived(mail)
            }
        }

        @Test(arguments: ["PLAIN", "APOP", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
        func aMailboxMovesByEachMechanism(mechanism: String) async throws {
            var options = DovecotServer.Options()
            options.mechanisms = "plain \(mechanism.lowercased())"  // PLAIN is how Dovecot checks USER and PASS
            // Dovecot's DIGEST-MD5 does not turn Latin-1 passwords into Latin-1, as RFC 2831 §2.1.2.1 has it.
            let password = mechanism == "DIGEST-MD5" ? "old pass word" : Platform.oldPassword
            try await Self.withDovecot(options, password: password) { dovecot in
                try await Self.move(
                    from: .loopback(port: dovecot.port, secure: mechanism != "PLAIN"), password: password)
            }
        }

        private static var withTLS: DovecotServer.Options {
            var options = DovecotServer.Options()
            options.hasTLS = true
            return options
        }

        @Test func aMailboxMovesWhateverTheCertificateWhereTLSIsOpportunistic() async throws {
            var options = Self.withTLS
            options.certificateNames = "DNS:elsewhere.example"
            options.refusesPlainText = true  // so that it moves at all only over STLS
            try await Self.withDovecot(options) { dovecot in
                try await Self.move(from: .loopback(port: dovecot.port, .opportunistic))
            }
        }

        @Test func aMailboxMovesWhereTheFingerprintIsTheOneGiven() async throws {
            var options = Self.withTLS
            options.certificateNames = "DNS:elsewhere.example"
            try await Self.withDovecot(options) { dovecot in
                let certificate = OldServerParameters.Certificate(sha256: try await dovecot.fingerprint())
                try await Self.move(from: .loopback(port: dovecot.port, .starttls, certificate: certificate))
            }
        }

        @Test(arguments: [TransportSecurity.starttls, .tls])
        func aMailboxMovesWhereTheCertificateIsTrusted(security: TransportSecurity) async throws {
            try await Self.withDovecot(Self.withTLS) { dovecot in
                try await Self.move(
                    from: .loopback(port: security == .tls ? try #require(dovecot.tlsPort) : dovecot.port, security),
                    environment: ["SSL_CERT_FILE": dovecot.certificate])
            }
        }

        @Test func aMailboxMovesBySecureAuthenticationInsideTLS() async throws {
            var options = Self.withTLS
            options.mechanisms = "plain"  // which verified TLS makes good enough
            try await Self.withDovecot(options) { dovecot in
                try await Self.move(
                    from: .loopback(port: try #require(dovecot.tlsPort), .tls, secure: true),
                    environment: ["SSL_CERT_FILE": dovecot.certificate])
            }
        }

        @Test(arguments: [TransportSecurity.starttls, .tls])
        func anUntrustedServerIsToldNothing(security: TransportSecurity) async throws {
            var options = Self.withTLS
            options.configuration = "auth_verbose = yes"
            try await Self.withDovecot(options) { dovecot in
                let port = security == .tls ? try #require(dovecot.tlsPort) : dovecot.port
                try await Platform.migrating(from: .loopback(port: port, security)) { platform in
                    let answer = try await platform.logIn()
                    #expect(answer.decision == .unavailable)
                    let status = try await platform.status()
                    #expect(status.status == .failed)
                    #expect(status.error?.reason == .oldServerUntrusted)
                    #expect(status.error?.retryable == false)
                    #expect(status.startedAt == nil)
                    #expect(!dovecot.log.contains(Platform.ann))
                }
            }
        }

        @Test(arguments: ["DNS:localhost,IP:127.0.0.1", "DNS:elsewhere.example"])
        func aCertificateThatIsNotTrustedIsShownSoThatItCanBePinned(names: String) async throws {
            var options = Self.withTLS
            options.certificateNames = names
            try await Self.withDovecot(options) { dovecot in
                try await Platform.running { platform in
                    let findings = try await platform.admin.verifyOldServer(
                        VerifyOldServer(oldServer: .loopback(port: dovecot.port, .starttls)))
                    #expect(!findings.ok)
                    #expect(findings.checks.last?.name == .tls)
                    #expect(findings.server.tls?.trusted == false)
                    let fingerprint = try await dovecot.fingerprint().replacing(":", with: "").lowercased()
                    #expect(findings.server.tls?.sha256 == fingerprint)
                    #expect(findings.server.tls?.cipher.hasPrefix("TLS_") == true)
                    #expect(findings.advice.contains { $0.contains(fingerprint) })
                }
            }
        }

        @Test func aStrippedSTLSIsNoReasonToSpeakInTheClear() async throws {
            let server = try MailboxServer(user: Platform.ann, password: Platform.oldPassword)
            defer { server.stop() }
            try await Platform.migrating(from: .loopback(port: server.port, .starttls)) { platform in
                let answer = try await platform.logIn()
                #expect(answer.decision == .unavailable)
                #expect(try await platform.reason() == .oldServerUntrusted)
                #expect(server.seen.allSatisfy { ["CAPA", "STLS", "QUIT"].contains($0) }, "\(server.seen)")
            }
        }

        @Test func anotherServersFingerprintIsRefused() async throws {
            try await Self.withDovecot(Self.withTLS) { dovecot in
                let certificate = OldServerParameters.Certificate(sha256: String(repeating: "ab", count: 32))
                let server = OldServerParameters.loopback(port: dovecot.port, .starttls, certificate: certificate)
                try await Platform.migrating(from: server) { platform in
                    let answer = try await platform.logIn()
                    #expect(answer.decision == .unavailable)
                    #expect(try await platform.reason() == .oldServerUntrusted)
                }
            }
        }
    }
}
