// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Logging
import NIOPosix
import Support
import Testing

@testable import MetricsServer

@Suite struct MetricsServerTests {
    private static let text = "# TYPE up gauge\nup 1\n# EOF\n"

    /// Runs `body` beside a server, with its port.
    private func serving(
        _ limits: MetricsServer.Limits = .init(), _ body: @escaping @Sendable (Int) throws -> Void
    ) async throws {
        let (descriptor, port) = try listeningSocket()
        let server = MetricsServer(
            descriptors: [descriptor], group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, contentType: "text/x", limits: limits
        ) { Self.text }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            defer { server.stop() }
            // On a thread of its own: clients here block, and the server needs the tasks' threads.
            try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread { continuation.resume(with: Result { try body(port) }) }
            }
        }
    }

    @Test func itServesTheTextAndKeepsTheConnection() async throws {
        try await serving { port in
            let client = try HTTPLine(port)
            for _ in 0..<3 {
                let answer = try client.ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(answer.status == "HTTP/1.1 200 OK")
                #expect(answer.headers.contains("content-type: text/x"))
                #expect(answer.body == Self.text)
            }
            let head = try client.ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", hasBody: false)
            #expect(head.status == "HTTP/1.1 200 OK")
            #expect(head.headers.contains("content-length: \(Self.text.utf8.count)"))
            let query = try client.ask("GET /metrics?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            #expect(query.status == "HTTP/1.1 200 OK")
            #expect(try client.isClosed())
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1", "HTTP/1.1 404 Not Found"), ("GET /metricsx HTTP/1.1", "HTTP/1.1 404 Not Found"),
        ("POST /metrics HTTP/1.1", "HTTP/1.1 405 Method Not Allowed"),
        ("DELETE /metrics HTTP/1.1", "HTTP/1.1 405 Method Not Allowed"),
    ])
    func nothingElseIsServed(_ request: String, _ status: String) async throws {
        try await serving { port in
            let answer = try HTTPLine(port).ask("\(request)\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            #expect(answer.status == status)
        }
    }

    @Test func whatIsNoHTTPIsRefused() async throws {
        try await serving { port in
            let client = try HTTPLine(port)
            #expect(try client.ask("{\"jsonrpc\":\"2.0\"}\n\n").status == "HTTP/1.1 400 Bad Request")
            #expect(try client.isClosed())
        }
    }

    @Test func hugeRequestsAreCut() async throws {
        try await serving { port in
            for request in [
                "GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "a", count: 40_000),
                "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
                    + String(repeating: "a", count: 40_000),
            ] {
                let client = try HTTPLine(port)
                client.send(request)
                #expect(try client.isClosed())
            }
            let answer = try HTTPLine(port).ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(answer.body == Self.text)
        }
    }

    @Test func whoIsSlowIsCut() async throws {
        var limits = MetricsServer.Limits()
        limits.patience = .milliseconds(200)
        try await serving(limits) { port in
            let client = try HTTPLine(port)
            client.send("GET /metrics HT")
            #expect(try client.isClosed())
            let mute = try HTTPLine(port)
            #expect(try mute.isClosed())
        }
    }

    @Test func onlySoManyAreServedAtOnce() async throws {
        try await serving { port in
            var clients = try (0..<MetricsServer.mostConnections).map { _ in try HTTPLine(port) }
            for client in clients {
                let answer = try client.ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(answer.body == Self.text)
            }
            let oneMore = try HTTPLine(port)
            #expect(try oneMore.isClosed())
            clients.removeLast()
            // Its place is free as soon as its end has been seen.
            for _ in 0..<500 {
                if (try? HTTPLine(port).ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").body) == Self.text { return }
                usleep(20_000)
            }
            Issue.record("a free place is not given to anybody")
        }
    }
}

private struct NoSocket: Error {}

private func listeningSocket() throws -> (CInt, Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            bind(descriptor, pointer, length) == 0 && listen(descriptor, 64) == 0
                && getsockname(descriptor, pointer, &length) == 0
        }
    }
    guard isBound else { throw NoSocket() }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
}

/// A client that speaks HTTP by hand.
private final class HTTPLine {
    struct Answer {
        var status: String
        var headers: [String]
        var body: String
    }

    private let descriptor: CInt
    private var rest: [UInt8] = []

    init(_ port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) == 0 }
        }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard isConnected else { throw NoSocket() }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let octets = Array(text.utf8)
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            // It was cut.
            guard count > 0 else { return }
            sent += count
        }
    }

    func ask(_ request: String, hasBody: Bool = true) throws -> Answer {
        send(request)
        let head = try read { String(decoding: $0, as: UTF8.self).firstRange(of: "\r\n\r\n") != nil }
        let text = String(decoding: head, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { throw NoSocket() }
        let lines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
        rest = Array(text[end.upperBound...].utf8)
        let headers = lines.dropFirst().map { $0.lowercased() }
        let length = headers.firstMatch("content-length: ").flatMap(Int.init) ?? 0
        var body = ""
        if hasBody, length > 0 {
            let octets = try read { $0.count >= length }
            body = String(decoding: octets.prefix(length), as: UTF8.self)
            rest = Array(octets.dropFirst(length))
        }
        return Answer(status: lines.first ?? "", headers: headers, body: body)
    }

    /// Whether the server closes the connection without saying more.
    func isClosed() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count == 0 || (count < 0 && errno == ECONNRESET)
    }

    private func read(until isEnough: ([UInt8]) -> Bool) throws -> [UInt8] {
        var octets = rest
        rest = []
        while !isEnough(octets) {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw NoSocket() }
            octets += buffer.prefix(count)
        }
        return octets
    }
}

extension [String] {
    fileprivate func firstMatch(_ prefix: String) -> String? {
        first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
}
