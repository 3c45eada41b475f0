// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Testing

/// The Swift client, as a package outside this one uses it, and its documentation.
@Suite(.timeLimit(.minutes(30))) struct OutsidePackageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    private static let catalog = root.appending(path: "clients/swift/MailMoveClient/MailMoveClient.docc")
    private static var swift: String { ProcessInfo.processInfo.environment["SWIFT"] ?? "swift" }

    /// Each step of the tutorial is a program.
    @Test func aPackageThatDependsOnItByPathBuildsTheTutorial() async throws {
        let steps = try FileManager.default.contentsOfDirectory(
            at: Self.catalog.appending(path: "Resources"), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "swift" }
        try #require(!steps.isEmpty)
        let folder = URL(filePath: "/var/tmp/mailmove-outside-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: folder) }
        var targets: [String] = []
        for (number, step) in steps.enumerated() {
            let source = folder.appending(path: "Sources/Step\(number)")
            try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: step, to: source.appending(path: "main.swift"))
            targets.append(
                ".executableTarget(name: \"Step\(number)\", dependencies: [.product(name: \"MailMoveClient\", package: \"mailmove\")])"
            )
        }
        let manifest = """
            // swift-tools-version: 6.2
            import PackageDescription

            let package = Package(
                name: "outside", dependencies: [.package(name: "mailmove", path: "\(Self.root.path)")],
                targets: [\(targets.joined(separator: ", "))])
            """
        try Data(manifest.utf8).write(to: folder.appending(path: "Package.swift"))
        // Kept, so that it is built anew only where it has changed.
        let build = try await ProgramRun.output(
            of: "/usr/bin/env",
            [
                Self.swift, "build", "--package-path", folder.path, "--scratch-path",
                Self.root.appending(path: ".build/outside").path,
            ])
        #expect(build.status == 0, "\(build.output.suffix(4000))")
    }

    @Test func theDocumentationIsBuiltWithoutAWarning() async throws {
        let folder = URL(filePath: "/var/tmp/mailmove-docc-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let build = try await ProgramRun.output(
            of: Self.root.appending(path: "clients/swift/documentation").path, [folder.appending(path: "out").path])
        #expect(build.status == 0 && !build.output.contains("warning:"), "\(build.output.suffix(4000))")
        let tutorial = folder.appending(path: "out/data/tutorials/mailmoveclient/moving-a-domain.json")
        #expect(FileManager.default.fileExists(atPath: tutorial.path))
    }
}
