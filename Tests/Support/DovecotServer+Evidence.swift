// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a test wants to know of a Dovecot besides its mail.
extension DovecotServer {
    /// Everything it has logged.
    public var log: String {
        (try? String(contentsOf: folder.appendingPathComponent("log/dovecot.log"), encoding: .utf8)) ?? ""
    }

    /// Its certificate's SHA-256, as `openssl x509 -fingerprint` writes it.
    public func fingerprint() async throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = ["x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"]
        process.standardOutput = output
        try process.runTakingSignals()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return String(text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "=").last ?? "")
    }
}
