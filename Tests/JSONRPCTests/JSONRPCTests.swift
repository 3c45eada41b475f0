// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSONRPC
import JSONWire
import Logging
import NIOCore
import NIOPosix
import Support
import Synchronization

enum TestRole: Sendable, Hashable { case admin, login }

/// Waits for as long as a test wants it to.
final class Gate: Sendable {
    private let (stream, signal) = AsyncStream<Never>.makeStream()
    func open() { signal.finish() }
    func pass() async { for await _ in stream {} }
}

/// A few methods that do what servers have to cope with.
struct TestHandler: RequestHandler {
    struct Unexpected: Error { var secret = "hunter2" }

    let gate = Gate()
    let started = Atomic64()
    let finished = Atomic64()
    let cancelled = Atomic64()
    let dropped = Atomic64()

    func answerAtOnce(_ call: Call<TestRole>) throws -> Answer? {
        call.method == "ping" ? Answer(encoded: Array(#"{"version":"1"}"#.utf8)) : nil
    }

    func handle(_ call: Call<TestRole>) async throws -> Answer {
        switch call.method {
        case "role": return try Answer("\(call.role)")
        case "echo": return try Answer(call.params.map(JSONValue.init) ?? .null)
        case "blob":
            let count = Int(call.params?.elements.first { _ in true }?.integer ?? 0)
            return try Answer(String(repeating: "x", count: count))
        case "wait":
            started.add()
            await withTaskCancellationHandler {
                await gate.pass()
            } onCancel: {
                cancelled.add()
            }
            finished.add()
            try Task.checkCancellation()
            return try Answer("waited")
        case "fail": throw Unexpected()
        case "refuse": throw RPCError(code: -32010, message: "no", data: ["reason": "accountNotFound"])
        case "watch":
            let key = call.params.map { JSONValue($0) }?[0]?.string ?? "all"
            return try Answer(
                ["first": 0],
                subscription: Subscription(key: key) { [started, cancelled] peer in
                    started.add()
                    var n = 0
                    while (try? await peer.notify(method: "changed", params: ["key": key, "n": "\(n)"])) == true {
                        n += 1
                        try? await Task.sleep(for: .milliseconds(2))
                    }
                    cancelled.add()
                } drop: { [dropped] in
                    dropped.add()
                })
        case "flood":
            return try Answer(
                0,
                subscription: Subscription(key: "flood") { [started] peer in
                    let text = String(repeating: "y", count: 10_000)
                    while (try? await peer.notify(method: "flood", params: [text])) == true { started.add() }
                })
        case "unwatch": return try Answer(["ended": call.peer.cancelSubscriptions()])
        default: throw RPCError.methodNotFound(call.method)
        }
    }
}

/// A count that tasks share.
final class Atomic64: Sendable {
    private let value = Atomic(0)
    func add() { value.add(1, ordering: .sequentiallyConsistent) }
    var count: Int { value.load(ordering: .sequentiallyConsistent) }

    /// Waits until the count is reached; the test's time limit ends it otherwise.
    func reaches(_ target: Int) async throws {
        while count < target { try await Task.sleep(for: .milliseconds(2)) }
    }
}

/// A running server on two sockets in a folder of its own.
struct Served {
    let handler: TestHandler
    let server: JSONRPCServer<TestHandler>
    let admin: String
    let login: String

    func client() throws -> RawClient { try RawClient(path: admin) }

    /// One request of a client of its own.
    func call(_ method: String, params: String? = nil) async throws -> JSONValue {
        try await client().call(method, params: params)
    }

    /// Runs a server while `body` does; then stops it and waits for its end.
    static func run(
        limits: Limits = Limits(), body: (Served) async throws -> Void
    ) async throws {
        let folder = try temporaryFolder()
        defer {
            for name in ["/a", "/l"] { unlink(folder + name) }
            rmdir(folder)
        }
        let handler = TestHandler()
        let server = JSONRPCServer(
            listeners: [
                Listener(role: TestRole.admin, source: .path(folder + "/a")),
                Listener(role: TestRole.login, source: .path(folder + "/l", mode: 0o600)),
            ],
            handler: handler, limits: limits, group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test"))
        let (listening, signal) = AsyncStream<Never>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { signal.finish() }
                try await server.run { signal.finish() }
            }
            for await _ in listening {}
            do {
                try await body(Served(handler: handler, server: server, admin: folder + "/a", login: folder + "/l"))
            } catch {
                handler.gate.open()
                server.stop()
                throw error
            }
            handler.gate.open()
            server.stop()
            try await group.waitForAll()
        }
    }
}

func temporaryFolder() throws -> String {
    var template = Array("/tmp/mailmove-rpc.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw RawClient.Failure(description: "mkdtemp") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// What this process has in memory now, in octets.
func residentOctets() throws -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { throw RawClient.Failure(description: "statm") }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    fgets(&line, 256, file)
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}
