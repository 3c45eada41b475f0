// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The sentences that administrators read, in Chinese.
///
/// The program writes sentences in English, with names, figures and other servers' words in them, and keeps them so: in
/// events, logs and errors. The book has a page for each, by its English form, where `{}` stands for what was put in, and
/// `{#}` for a figure.
/// A sentence that it does not have stays as it is.
public struct Phrasebook: Sendable {
    /// What this program says.
    public static let mailmove = Phrasebook(pages: everything)

    static var everything: [Page] {
        [
            Pages.connections, Pages.sessions, Pages.verification, Pages.domains, Pages.names, Pages.logins,
            Pages.moves, Pages.nodes, Pages.mailStore, Pages.database, Pages.accounts, Pages.directories,
            Pages.parameters,
        ].flatMap(Page.read)
    }

    /// By the first octet of a sentence; those that begin with what was put in are under nil.
    private let pages: [UInt8?: [Page]]

    init(pages: [Page]) {
        self.pages = Dictionary(grouping: pages) { $0.literals[0].first }
    }

    /// - Returns: the text in that language.
    public func say(_ english: String, in language: Language) -> String {
        language == .english ? english : chinese(english)
    }

    /// What was put into a sentence is looked up as well: many name the clause that says what happened.
    public func chinese(_ english: String) -> String { chinese(english, depth: 0) }

    private func chinese(_ english: String, depth: Int) -> String {
        // No sentence is that long; what is comes from elsewhere.
        guard !english.isEmpty, depth < 6, english.utf8.count <= 8192 else { return english }
        let octets = Array(english.utf8)
        if let (page, parts) = page(for: octets) {
            return page.chinese(parts.map { chinese(String(decoding: octets[$0], as: UTF8.self), depth: depth + 1) })
        }
        for (english, chinese) in Self.joints {
            let clauses = octets.split(by: Array(english.utf8))
            guard clauses.count > 1 else { continue }
            let texts = clauses.map { String(decoding: $0, as: UTF8.self) }
            let translated = texts.map { self.chinese($0, depth: depth + 1) }
            if translated != texts { return translated.joined(separator: chinese) }
        }
        return english
    }

    /// What stands between sentences that were put side by side.
    private static let joints = [(". ", "。"), ("; ", "；"), (": ", "："), (", ", "，")]

    /// The page that has most of the text's own words.
    private func page(for text: [UInt8]) -> (Page, [Range<Int>])? {
        var best: (page: Page, parts: [Range<Int>])?
        for page in (text.first.flatMap { pages[$0] } ?? []) + (pages[nil] ?? []) {
            if let best, best.page.weight >= page.weight { continue }
            if let parts = page.parts(of: text) { best = (page, parts) }
        }
        return best
    }
}

extension Phrasebook {
    /// Whether there is a page for this form, with `{}` for what is put in, by itself or with something before or behind.
    func has(_ form: String) -> Bool {
        [form, form + "{}", "{}" + form, "{}" + form + "{}"].contains { form in
            let literals = Page.literals(form.replacing("{}{}", with: "{}"))
            return (pages[literals[0].first] ?? []).contains { $0.literals == literals }
        }
    }
}
