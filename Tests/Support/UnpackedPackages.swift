// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Debian's packages that cannot be installed beside others, unpacked into a folder, which is kept for the next test.
enum UnpackedPackages {
    /// The folder into which the versions that Debian has now are unpacked, with what they need and this machine lacks.
    /// - Parameter packages: the first one's version stands for all.
    static func folder(_ name: String, _ packages: [String]) throws -> URL {
        if let version = version(of: packages[0]) { return try folder(name, packages, version) }
        try run("apt-get", ["-qq", "update"])
        guard let version = version(of: packages[0]) else {
            throw DovecotServer.NotStarted(description: "this machine's package lists have no \(packages[0])")
        }
        return try folder(name, packages, version)
    }

    private static func version(of package: String) -> String? {
        // Fails where nothing is known of it.
        let described = try? run("apt-cache", ["show", "--no-all-versions", package])
        return described?.split(separator: "\n").first { $0.hasPrefix("Version: ") }.map { String($0.dropFirst(9)) }
    }

    private static func folder(_ name: String, _ packages: [String], _ version: String) throws -> URL {
        let files = FileManager.default
        let kept = URL(filePath: "/var/tmp/mailmove-\(name)-packages-\(version)-\(packages.count)")
        if files.fileExists(atPath: kept.path) { return kept }
        let stage = URL(filePath: "\(kept.path).\(UUID().uuidString.prefix(8))")
        try files.createDirectory(at: stage, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: stage) }  // moved away where all went well
        do {
            try download(packages, into: stage)
        } catch {
            // The lists may name versions that Debian has replaced.
            try run("apt-get", ["-qq", "update"])
            try download(packages, into: stage)
        }
        let root = stage.appending(path: "root")
        for name in try files.contentsOfDirectory(atPath: stage.path) where name.hasSuffix(".deb") {
            try run("dpkg", ["-x", stage.appending(path: name).path, root.path])
        }
        // Another test may have been quicker: then its folder is the one.
        if rename(root.path, kept.path) != 0, !files.fileExists(atPath: kept.path) { throw SystemError("rename") }
        return kept
    }

    private static func download(_ packages: [String], into folder: URL) throws {
        let plan = try run("apt-get", ["-qq", "--simulate", "--no-install-recommends", "install"] + packages)
        // "Inst NAME (VERSION", or "Inst NAME [VERSION that is here] (VERSION".
        var needed = Set(packages)
        for line in plan.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count > 2, words[0] == "Inst", !words[2].hasPrefix("[") { needed.insert(String(words[1])) }
        }
        try run("apt-get", ["-qq", "download"] + needed.sorted(), in: folder)
    }

    /// What the program prints.
    @discardableResult
    static func run(
        _ program: String, _ arguments: [String], in folder: URL? = nil, input: String? = nil,
        environment: [String: String] = [:]
    ) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = environment.map { "\($0.key)=\($0.value)" } + [program] + arguments
        process.currentDirectoryURL = folder
        let (output, given) = (Pipe(), Pipe())
        process.standardInput = given
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.runTakingSignals()
        try given.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
        try given.fileHandleForWriting.close()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw DovecotServer.NotStarted(
                description: "\(program) \(arguments.first ?? "") ended with \(process.terminationStatus)")
        }
        return String(decoding: printed, as: UTF8.self)
    }
}
