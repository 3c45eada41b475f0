// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSONRPC
import JSONWire
import Logging
import NIOPosix
import Support
import Testing

@Suite(.timeLimit(.minutes(15))) struct LifeTests {
    @Test func aWatcherIsToldAfterItsReplyAndUntilItUnwatches() async throws {
        try await Served.run { served in
            let client = try served.client()
            #expect(try await client.call("watch", params: #"["a"]"#)["result"]?["first"] == 0)
            for n in 0..<5 { #expect(try await client.reply()["params"]?["n"] == .string("\(n)")) }
            try await client.send(#"{"jsonrpc":"2.0","id":2,"method":"unwatch"}"# + "\n")
            var reply = try await client.reply()
            while reply["method"] == "changed" { reply = try await client.reply() }
            #expect(reply["result"]?["ended"] == 1)
            try await served.handler.cancelled.reaches(1)
        }
    }

    @Test func aSecondSubscriptionOfAKeyTakesTheFirstOnesPlace() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(
                (0..<3).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"watch","params":["k"]}"# + "\n" }.joined())
            try await served.handler.started.reaches(3)
            try await served.handler.cancelled.reaches(2)
            client.close()
            try await served.handler.cancelled.reaches(3)
        }
    }

    @Test func subscriptionsAreBounded() async throws {
        var limits = Limits()
        limits.subscriptions = 2
        try await Served.run(limits: limits) { served in
            let client = try served.client()
            for key in ["a", "b", "c"] {
                try await client.send(#"{"jsonrpc":"2.0","id":"\#(key)","method":"watch","params":["\#(key)"]}"# + "\n")
            }
            var reply = try await client.reply()
            while reply["error"] == nil { reply = try await client.reply() }
            #expect(reply["error"]?["code"] == -32003)
            #expect(served.handler.dropped.count == 1)
        }
    }

    /// Each that was begun for an answer is run or dropped.
    @Test func aSubscriptionThatNobodyWaitsForIsDropped() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(#"{"jsonrpc":"2.0","method":"watch"}"# + "\n")
            try await client.send(
                #"[{"jsonrpc":"2.0","method":"watch"},{"jsonrpc":"2.0","id":1,"method":"ping"}]"# + "\n")
            try await served.handler.dropped.reaches(2)
            #expect(served.handler.started.count == 0)
            client.close()
        }
    }

    @Test func aSubscriptionEndsWithItsConnection() async throws {
        try await Served.run { served in
            let client = try served.client()
            _ = try await client.call("watch")
            client.close()
            try await served.handler.cancelled.reaches(1)
            while served.server.clients > 0 { try await Task.sleep(for: .milliseconds(2)) }
        }
    }

    @Test func aHalfClosedWatcherIsStillTold() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"watch"}"#)
            client.closeSending()
            #expect(try await client.reply()["result"]?["first"] == 0)
            for _ in 0..<20 { #expect(try await client.reply()["method"] == "changed") }
            #expect(served.handler.cancelled.count == 0)
            client.close()
            try await served.handler.cancelled.reaches(1)
        }
    }

    @Test func aRequestThatHasStartedIsNotTornWhenItsClientGoes() async throws {
        try await Served.run { served in
            let client = try served.client()
            try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"wait"}"# + "\n")
            try await served.handler.started.reaches(1)
            client.close()
            let other = try served.client()
            for _ in 0..<20 { _ = try await other.call("echo") }
            #expect(served.handler.cancelled.count == 0)
            served.handler.gate.open()
            try await served.handler.finished.reaches(1)
            #expect(served.handler.cancelled.count == 0)
        }
    }

    @Test func stoppingFinishesWhatIsInHandAndSendsItsReply() async throws {
        try await Served.run { served in
            let client = try served.client()
            let idle = try served.client()
            _ = try await idle.call("ping")
            try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"wait"}"# + "\n")
            try await served.handler.started.reaches(1)
            served.server.stop(grace: .seconds(30))
            #expect(try await idle.line() == nil)
            #expect(throws: RawClient.Failure.self) { try served.client() }
            served.handler.gate.open()
            #expect(try await client.reply()["result"] == "waited")
            #expect(try await client.line() == nil)
        }
    }

    @Test func everyRequestSentBeforeTheStopIsAnswered() async throws {
        try await Served.run { served in
            let clients = try (0..<20).map { _ in try served.client() }
            let requests = (0..<200).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"echo"}"# + "\n" }.joined()
            for client in clients { _ = try await client.call("ping") }
            for client in clients { try await client.send(requests) }
            served.server.stop()
            for client in clients {
                for _ in 0..<200 { #expect(try await client.reply()["id"] != nil) }
                #expect(try await client.line() == nil)
            }
        }
    }

    /// A busy machine may take its time over a farewell.
    private static let patient: Limits = {
        var limits = Limits()
        limits.farewell = .seconds(60)
        return limits
    }()

    @Test func whatOutlivesTheGraceIsCancelledAndToldSo() async throws {
        try await Served.run(limits: Self.patient) { served in
            let client = try served.client()
            try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"wait"}"# + "\n")
            try await served.handler.started.reaches(1)
            served.server.stop(grace: .milliseconds(300))
            #expect(try await client.reply()["error"]?["code"] == -32004)
            #expect(try await client.line() == nil)
        }
    }

    @Test func aCancelledServerEndsAndTellsItsClients() async throws {
        let folder = try temporaryFolder()
        defer { rmdir(folder) }
        let handler = TestHandler()
        let server = JSONRPCServer(
            listeners: [Listener(role: TestRole.admin, source: .path(folder + "/s"))], handler: handler,
            limits: Self.patient, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        let (listening, signal) = AsyncStream<Never>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run { signal.finish() } }
            for await _ in listening {}
            let client = try RawClient(path: folder + "/s")
            try await client.send(#"{"jsonrpc":"2.0","id":1,"method":"wait"}"# + "\n")
            try await handler.started.reaches(1)
            group.cancelAll()
            try await group.waitForAll()
            #expect(try await client.reply()["error"]?["code"] == -32004)
            #expect(try await client.line() == nil)
        }
    }

    @Test func anInheritedSocketOutlivesTheServer() async throws {
        let folder = try temporaryFolder()
        let path = folder + "/s"
        defer {
            unlink(path)
            rmdir(folder)
        }
        let descriptor = try listeningSocket(path)
        defer { close(descriptor) }
        for round in 0..<3 {
            let server = JSONRPCServer(
                listeners: [Listener(role: TestRole.login, source: .inherited(descriptor: dup(descriptor)))],
                handler: TestHandler(), group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
            let client = try RawClient(path: path)  // waits in the backlog, whether or not anyone serves
            try await client.send(#"{"jsonrpc":"2.0","id":\#(round),"method":"role"}"# + "\n")
            async let run: Void = server.run()
            #expect(try await client.reply()["result"] == "login")
            server.stop()
            try await run
        }
    }

    @Test func aStaleSocketIsReplacedAndALiveOneIsNot() async throws {
        let folder = try temporaryFolder()
        let path = folder + "/s"
        defer {
            unlink(path)
            rmdir(folder)
        }
        func server() -> JSONRPCServer<TestHandler> {
            JSONRPCServer(
                listeners: [Listener(role: TestRole.admin, source: .path(path, mode: 0o620))], handler: TestHandler(),
                group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        }
        close(try listeningSocket(path))  // as a process leaves it that was killed
        let first = server()
        let (listening, signal) = AsyncStream<Never>.makeStream()
        async let run: Void = first.run { signal.finish() }
        for await _ in listening {}
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o620)
        let error = await #expect(throws: ListenError.self) { try await server().run() }
        #expect(error?.code == .inUse)
        let client = try RawClient(path: path)
        #expect(try await client.call("ping")["id"] == 1)
        first.stop()
        try await run
        #expect(lstat(path, &status) != 0)

        close(open(path, O_CREAT | O_WRONLY, 0o600))
        let other = await #expect(throws: ListenError.self) { try await server().run() }
        #expect(other?.code == .notASocket)
        #expect(lstat(path, &status) == 0)
    }

    private func server(_ paths: [String]) -> JSONRPCServer<TestHandler> {
        JSONRPCServer(
            listeners: paths.map { Listener(role: TestRole.admin, source: .path($0)) }, handler: TestHandler(),
            group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
    }

    @Test func whoIsAnsweredByOneSocketFindsTheOthers() async throws {
        let folder = try temporaryFolder()
        let paths = ["a", "b", "c"].map { "\(folder)/\($0)" }
        defer { rmdir(folder) }
        for _ in 0..<50 {
            let server = server(paths)
            async let run: Void = server.run()
            while true {
                guard let first = try? RawClient(path: paths[0]) else {
                    await Task.yield()
                    continue
                }
                #expect(try await first.call("ping")["id"] == 1)
                break
            }
            for path in paths { #expect(try await RawClient(path: path).call("ping")["id"] == 1) }
            server.stop()
            try await run
        }
    }

    @Test func whereOneSocketCannotBeMadeNoneIsLeft() async throws {
        let folder = try temporaryFolder()
        let (first, second) = ("\(folder)/a", "\(folder)/b")
        close(open(second, O_CREAT | O_WRONLY, 0o600))
        defer {
            unlink(second)
            rmdir(folder)
        }
        let error = await #expect(throws: ListenError.self) { try await self.server([first, second]).run() }
        #expect((error?.code, error?.subject) == (.notASocket, second))
        #expect(access(first, F_OK) != 0)
    }

    private func listeningSocket(_ path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(descriptor, 16) == 0 else { throw RawClient.Failure(description: "listen") }
        return descriptor
    }
}
