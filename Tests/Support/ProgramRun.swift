// SPDX-License-Identifier: Apache-2.0

public import Foundation

/// A program that is run to its end.
public enum ProgramRun {
    /// Its exit status, and what it has written, errors among it.
    public static func output(
        of program: String, _ arguments: [String], in folder: URL? = nil
    ) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.runTakingSignals()
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                continuation.resume(returning: (process.terminationStatus, output))
            }
        }
    }
}
