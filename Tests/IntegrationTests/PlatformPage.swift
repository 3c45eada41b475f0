// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support

/// What `clients/dovecot/platforms.md` tells administrators to write, as it stands there.
struct PlatformPage {
    private let section: String

    /// - Parameter title: the section's, or how it begins.
    init(_ title: String) throws {
        let page = try String(contentsOf: PlatformDovecot.shipped("platforms.md"), encoding: .utf8)
        let sections = page.components(separatedBy: "\n## ")
        guard let section = sections.first(where: { $0.hasPrefix(title) }) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        self.section = section
    }

    /// The fenced block that holds this text.
    func block(with text: String) throws -> String {
        let parts = section.components(separatedBy: "```")
        // Every other one is inside a fence; its first line is the language.
        let blocks = parts.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        guard let block = blocks.first(where: { $0.contains(text) }), let start = block.firstIndex(of: "\n") else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return String(block[block.index(after: start)...])
    }
}
