// SPDX-License-Identifier: Apache-2.0

import POP3
import Support
import Testing
import Vocabulary

/// Nobody learns the password who should not, and nothing less than `+OK` in its place lets anybody in.
@Suite(.timeLimit(.minutes(15))) struct HostileLoginTests {
    typealias Peer = ScriptedServer.Peer

    /// What came of a visit to a server that offers these mechanisms and is asked for `AUTH`.
    private func outcome(
        _ mechanisms: String, _ exchange: @escaping @Sendable (Peer, String) -> Void
    ) async throws -> Result<Bool, POP3Error> {
        let server = try ScriptedServer { peer in
            peer.send("+OK ready\r\n")
            while let line = peer.line() {
                if line == "CAPA" {
                    peer.send("+OK\r\nSASL \(mechanisms)\r\n.\r\n")
                } else {
                    exchange(peer, line)
                    return
                }
            }
        }
        defer { server.stop() }
        do throws(POP3Error) {
            return .success(try await HostileServer.visit(port: server.port, secure: true))
        } catch {
            return .failure(error)
        }
    }

    private func expectViolation(
        _ result: Result<Bool, POP3Error>, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .failure(let error) = result else {
            Issue.record("it went on: \(result)", sourceLocation: sourceLocation)
            return
        }
        #expect(error.code == .protocolViolation, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.detail.contains("open sesame"), sourceLocation: sourceLocation)
    }

    private static func base64(_ text: String) -> String {
        let table = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var result = ""
        let octets = Array(text.utf8)
        for start in stride(from: 0, to: octets.count, by: 3) {
            let group = octets[start..<min(start + 3, octets.count)]
            let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for digit in 0..<4 {
                result.append(digit <= group.count ? table[bits >> (18 - 6 * digit) & 63] : "=")
            }
        }
        return result
    }

    private static func text(base64 digits: some StringProtocol) -> String {
        let table = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var octets: [UInt8] = []
        var (bits, count) = (0, 0)
        for digit in digits.utf8 {
            guard let value = table.firstIndex(of: digit) else { break }
            (bits, count) = (bits << 6 | value, count + 6)
            if count >= 8 {
                count -= 8
                octets.append(UInt8(bits >> count & 255))
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The nonce of `n,,n=ann,r=…` in `AUTH SCRAM-SHA-256 …`.
    private static func nonce(_ line: String) -> String {
        let first = text(base64: line.split(separator: " ").last ?? "")
        return first.split(separator: ",").first { $0.hasPrefix("r=") }.map { String($0.dropFirst(2)) } ?? ""
    }

    @Test(arguments: ["+OK\r\n", "+OK logged in\r\n"])
    func aSCRAMServerHasToProveItself(farewell: String) async throws {
        expectViolation(
            try await outcome("SCRAM-SHA-256") { peer, line in
                peer.send("+ \(Self.base64("r=\(Self.nonce(line))x,s=c2FsdA==,i=4096"))\r\n")
                _ = peer.line()
                peer.send(farewell)
                peer.waitForEnd()
            })
    }

    @Test func aSCRAMServersProofHasToBeRight() async throws {
        expectViolation(
            try await outcome("SCRAM-SHA-256") { peer, line in
                peer.send("+ \(Self.base64("r=\(Self.nonce(line))x,s=c2FsdA==,i=4096"))\r\n")
                _ = peer.line()
                peer.send("+ \(Self.base64("v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))\r\n")
                _ = peer.line()
                peer.send("+OK\r\n")
                peer.waitForEnd()
            })
    }

    @Test(arguments: [
        "i=2147483647", "i=99999999999999999999", "i=0", "i=-1", "i=", "i=4096x", "", "m=ext,i=4096", "i=1000001",
    ])
    func aSCRAMServerCannotKeepAThreadBusyOrConfused(iterations: String) async throws {
        let result = try await outcome("SCRAM-SHA-256") { peer, line in
            peer.send("+ \(Self.base64("r=\(Self.nonce(line))x,s=c2FsdA==,\(iterations)"))\r\n")
            _ = peer.line()
            peer.send("+OK\r\n")
            peer.waitForEnd()
        }
        expectViolation(result)
    }

    @Test func aSCRAMServerHasToUseTheClientsNonce() async throws {
        expectViolation(
            try await outcome("SCRAM-SHA-256") { peer, _ in
                peer.send("+ \(Self.base64("r=anothers,s=c2FsdA==,i=4096"))\r\n")
                peer.waitForEnd()
            })
    }

    @Test(
        arguments: ["CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "NTLM"], ["Password:", "User Name", ""])
    func noMechanismAnswersAnothersQuestion(mechanism: String, question: String) async throws {
        let result = try await outcome("\(mechanism) PLAIN LOGIN") { peer, _ in
            var told: [String] = []
            for _ in 0..<12 {
                guard peer.send("+ \(Self.base64(question))\r\n"), let line = peer.line() else { break }
                told.append(line)
            }
            let words = told + told.map { Self.text(base64: $0) }
            #expect(!words.contains { $0.contains("open sesame") })
        }
        if case .success(let isIn) = result { #expect(!isIn) }
    }

    @Test(arguments: [(0xFFFF_FFFF, 8), (0x7FFF_FFFF, 65535), (48, 65535), (2000, 2), (0, 300)])
    func anNTLMServersLengthsAreNotBelieved(offset: Int, length: Int) async throws {
        let result = try await outcome("NTLM") { peer, _ in
            peer.send("+ \r\n")
            _ = peer.line()
            var challenge = Array("NTLMSSP\0".utf8) + [2, 0, 0, 0]
            challenge += [UInt8(length & 255), UInt8(length >> 8 & 255), UInt8(length & 255), UInt8(length >> 8 & 255)]
            challenge += (0..<4).map { UInt8(offset >> (8 * $0) & 255) }
            challenge += [1, 2, 0, 0] + [UInt8](repeating: 7, count: 16)
            peer.send("+ \(Self.base64(String(decoding: challenge.map { $0 < 128 ? $0 : 127 }, as: UTF8.self)))\r\n")
            _ = peer.line()
            peer.send("+OK\r\n")
            peer.waitForEnd()
        }
        if case .success(let isIn) = result { #expect(!isIn, "where libgsasl has no NTLM, nothing is sent") }
    }

    // MARK: TLS

    private func visit(
        security: TransportSecurity, _ script: @escaping @Sendable (Peer) -> Void
    ) async throws -> Result<Bool, POP3Error> {
        let server = try ScriptedServer(script)
        defer { server.stop() }
        do throws(POP3Error) {
            return .success(try await HostileServer.visit(port: server.port, security: security))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: ["+OK injected\r\n", "+OK inj", "\r\n", "*"], [TransportSecurity.starttls, .opportunistic])
    func plainTextAheadOfTheHandshakeIsNeverBelieved(injected: String, security: TransportSecurity) async throws {
        let result = try await visit(security: security) { peer in
            peer.send("+OK ready\r\n")
            _ = peer.line()
            peer.send("+OK\r\nSTLS\r\n.\r\n")
            _ = peer.line()
            peer.send("+OK begin\r\n\(injected)")
            peer.waitForEnd()
            #expect(!String(decoding: peer.pending, as: UTF8.self).contains("PASS"))
        }
        guard case .failure(let error) = result else {
            Issue.record("it went on")
            return
        }
        #expect(error.code == .untrusted, "\(error)")
    }

    @Test(arguments: ["no TLS here\r\n", "\u{15}\u{3}\u{1}\u{0}\u{2}\u{2}\u{28}", "HTTP/1.1 400 Bad Request\r\n\r\n"])
    func whatIsNoHandshakeIsUntrusted(answer: String) async throws {
        for security in [TransportSecurity.tls, .starttls] {
            let result = try await visit(security: security) { peer in
                if security == .starttls {
                    peer.send("+OK\r\n")
                    _ = peer.line()
                    peer.send("+OK\r\nSTLS\r\n.\r\n")
                    _ = peer.line()
                    peer.send("+OK\r\n")
                    peer.pause(milliseconds: 50)
                }
                peer.send(answer)
                peer.waitForEnd()
            }
            guard case .failure(let error) = result else {
                Issue.record("it went on")
                return
            }
            #expect(error.code == .untrusted, "\(error)")
        }
    }

    @Test func aHandshakeWithoutEndEnds() async throws {
        let result = try await visit(security: .tls, HostileServer.endless("\u{16}\u{3}\u{3}\u{40}\u{0}\u{2}"))
        guard case .failure(let error) = result else {
            Issue.record("it went on")
            return
        }
        #expect(error.code == .untrusted, "\(error)")
    }
}
