// SPDX-License-Identifier: Apache-2.0

import Mustache
public import Vocabulary

/// A report as one HTML page, which needs nothing from elsewhere and prints on A4.
public struct ReportPage: Sendable {
    private let report: MigrationReport
    private let figures: Figures

    /// - Parameter offset: how many seconds the clock on the wall is ahead of UTC at a moment; the machine's, if not
    ///   given.
    public init(
        _ report: MigrationReport, in language: PageLanguage, offset: (@Sendable (Timestamp) -> Int)? = nil
    ) {
        self.report = report
        figures = Figures(language: language, offset: offset ?? Figures.local)
    }

    /// - Parameter made: when the report was made.
    public func html(made: Timestamp) throws -> String {
        MustacheContentTypes.register(PageText(), named: PageText.name)
        let template = try MustacheTemplate(string: PageTemplate.text)
        return template.render(PageModel(report, figures, made: made))
    }
}
