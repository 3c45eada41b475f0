// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A real name server (Knot) on loopback that has the last word on zones made for a test.
///
///     let server = try await NameServer(zones: ["test": "moved MX 10 mx.new\nmx.new A 192.0.2.20"])
///     defer { server.stop() }
///
/// Everything it keeps lies in one temporary folder, which goes when the server is let go of.
///
/// `@unchecked`: `process` changes in start and stop alone, which tests call in turn.
public final class NameServer: @unchecked Sendable {
    public struct NotStarted: Error, CustomStringConvertible {
        public let description: String
    }

    public static let isAvailable = FileManager.default.isExecutableFile(atPath: executable)
    private static let executable = "/usr/sbin/knotd"

    public let port: Int
    /// As the configuration key `dns.server` takes it.
    public var address: String { "127.0.0.1:\(port)" }
    private let folder: URL
    private var process: Process?

    /// - Parameter zones: the records of each zone, relative to it; nil for a zone that cannot be loaded, for whose
    ///   names the server answers SERVFAIL.
    public init(zones: [String: String?]) async throws {
        port = try LoopbackSocket.freePort()
        folder = URL(filePath: "/tmp/mailmove-knot-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, records) in zones {
            guard let records else { continue }
            let zone = "@ 60 SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 60\n@ 60 NS ns.invalid.\n\(records)\n"
            try Data("$ORIGIN \(name).\n$TTL 60\n\(zone)".utf8).write(to: folder.appending(path: "\(name).zone"))
        }
        try Data(configuration(zones.keys.sorted()).utf8).write(to: folder.appending(path: "knot.conf"))
        try await start(zones.filter { $0.value != nil }.keys.sorted())
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)  // left behind in /tmp at worst
    }

    public func stop() {
        guard let process, process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    private func start(_ zones: [String]) async throws {
        let process = Process()
        process.executableURL = URL(filePath: Self.executable)
        process.arguments = ["-c", folder.appending(path: "knot.conf").path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        self.process = process
        for _ in 0..<2400 {
            if log.contains("server started") { return try check(zones) }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw NotStarted(description: "Knot did not start: \(log)")
    }

    /// A zone with a mistake would be served as one that cannot be loaded.
    private func check(_ zones: [String]) throws {
        for zone in zones where !log.contains("[\(zone).] loaded") {
            throw NotStarted(description: "the zone \(zone) is wrong: \(log)")
        }
    }

    private var log: String {
        (try? String(contentsOf: folder.appending(path: "log"), encoding: .utf8)) ?? "it wrote no log"
    }

    private func configuration(_ zones: [String]) -> String {
        let folder = folder.path
        return """
            server:
              rundir: \(folder)
              listen: 127.0.0.1@\(port)
              udp-workers: 1
              tcp-workers: 1
              background-workers: 1
            control:
              listen: \(folder)/control
            database:
              storage: \(folder)
            log:
            - target: \(folder)/log
              any: info
            template:
            - id: default
              storage: \(folder)
              file: "%s.zone"
              semantic-checks: off
              zonefile-sync: -1
              journal-content: none
            zone:

            """ + zones.map { "- domain: \($0)\n" }.joined()
    }
}

/// A name server's port where nobody answers.
public final class SilentNameServer: Sendable {
    public let port: Int
    public var address: String { "127.0.0.1:\(port)" }
    private let descriptor: CInt

    public init() throws {
        (descriptor, port) = try LoopbackSocket.datagrams()
    }

    deinit { close(descriptor) }
}
