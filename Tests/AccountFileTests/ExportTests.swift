// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `Exports/NAME.csv` is a file as such a panel or program writes it, `NAME.read` what is to be read of it.
@Suite struct ExportTests {
    private static let folder = Bundle.module.bundleURL.appending(path: "Exports")

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".csv") }.map { String($0.dropLast(4)) }.sorted()

    @Test func thereAreExportsOfManySystems() { #expect(Self.names.count >= 14) }

    @Test(arguments: names) func anExportIsReadAsItIs(_ name: String) throws {
        let file = try Data(contentsOf: Self.folder.appending(path: "\(name).csv"))
        let expected = try String(contentsOf: Self.folder.appending(path: "\(name).read"), encoding: .utf8)
        #expect(try Reading(Array(file)).text == expected)
    }
}
