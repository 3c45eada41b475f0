// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing
import Vocabulary

@testable import NoticeTarget

@Suite struct NoticeTargetTests {
    private let folder: String

    init() throws {
        // A socket's path must be short.
        folder = "/tmp/mailmove-notices-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func program(_ lines: String) throws -> NoticeAddress {
        let path = folder + "/program with a space"
        try "#!/bin/sh\n\(lines)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return .program(path: path)
    }

    private func deliver(_ text: String, to address: NoticeAddress, patience: Duration = .seconds(60)) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await NoticeTarget.deliver(
            Array(text.utf8), to: address, socketPatience: patience, programPatience: patience)
    }

    private func failure(_ text: String = "x", to address: NoticeAddress, patience: Duration = .seconds(60)) async
        -> String?
    {
        do {
            try await deliver(text, to: address, patience: patience)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func aProgramHasItOnItsStandardInput() async throws {
        let kept = "/tmp/mailmove-notice-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: kept) }
        let text = "{\"a\": \"$(id) `id` ; 王\"}\n"
        try await deliver(text, to: program("cat >'\(kept)'; echo \"$# $0\" >>'\(kept)'; env >>'\(kept)'"))
        let said = try String(contentsOfFile: kept, encoding: .utf8)
        #expect(said.hasPrefix(text + "0 \(folder)/program with a space\n"))
        #expect(!said.contains("LISTEN_FDS"))
        #expect(!said.contains("CREDENTIALS_DIRECTORY"))
    }

    @Test func aProgramMayLeaveItUnread() async throws {
        try await deliver(String(repeating: "x", count: 1 << 20), to: program("exit 0"))
    }

    @Test func aProgramThatFailsIsToldOf() async throws {
        #expect(await failure(to: try program("exit 3"))?.contains("status 3") == true)
    }

    @Test func aProgramThatIsKilledIsToldOf() async throws {
        #expect(await failure(to: try program("kill -9 $$"))?.contains("signal 9") == true)
    }

    @Test func aProgramThatDoesNotEndIsKilledWithItsChildren() async throws {
        let mark = "/tmp/mailmove-notice-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: mark) }
        let address = try program("sleep 600 & echo $! >'\(mark)'; wait")
        #expect(await failure(to: address, patience: .seconds(2))?.contains("killed") == true)
        guard let child = Int32(try String(contentsOfFile: mark, encoding: .utf8).filter(\.isNumber)) else {
            Issue.record("the program has started no child")
            return
        }
        // Gone, or a zombie that nobody has waited for.
        let state = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
        #expect(state == nil || state?.contains(") Z ") == true || kill(child, 0) != 0)
    }

    @Test func aProgramThatIsNotThereIsToldOf() async throws {
        #expect(await failure(to: .program(path: folder + "/none"))?.contains("cannot be started") == true)
    }

    @Test func aSocketThatNobodyServesIsToldOf() async throws {
        #expect(await failure(to: .socket(path: folder + "/none"))?.contains("nobody takes news") == true)
        let long = "/" + String(repeating: "x", count: 200)
        #expect(await failure(to: .socket(path: long))?.contains("too long") == true)
    }

    @Test func aSocketTakesAllOfItInAConnection() async throws {
        let path = folder + "/socket"
        let listening = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listening) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        #expect(isBound && listen(listening, 5) == 0)
        let text = String(repeating: "0123456789", count: 1000)
        try await deliver(text, to: .socket(path: path))
        let connection = accept(listening, nil, nil)
        defer { close(connection) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(connection, &buffer, buffer.count), count > 0 { received += buffer.prefix(count) }
        #expect(String(decoding: received, as: UTF8.self) == text)
    }

    @Test(
        arguments: [
            ("unix:/run/alerts.sock", NoticeAddress.socket(path: "/run/alerts.sock")),
            ("/usr/local/bin/tell us", .program(path: "/usr/local/bin/tell us")), ("unix:alerts", nil), ("tell", nil),
            ("", nil), ("/", nil), ("/a\nb", nil), ("unix:", nil),
        ] as [(String, NoticeAddress?)])
    func anAddressIsASocketOrAProgram(_ text: String, _ address: NoticeAddress?) {
        #expect(NoticeAddress(text) == address)
        if let address { #expect(address.text == text) }
    }
}
