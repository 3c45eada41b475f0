// SPDX-License-Identifier: Apache-2.0

public import Vocabulary

/// The parameters of a method whose result, or error, holds texts for administrators.
public protocol LocalizedParameters: Parameters {
    /// What those texts are written in; nil: English.
    var lang: Language? { get set }
}

/// A result that holds texts for administrators.
public protocol LocalizedResult {
    /// Replaces each of them.
    mutating func translate(_ translate: (String) -> String)
}

extension Member {
    static let language = Member.optional(
        "lang", .choice(Language.self), default: "en", "the language of texts for administrators")
}

extension Array where Element: LocalizedResult {
    mutating func translate(_ translate: (String) -> String) {
        for index in indices { self[index].translate(translate) }
    }
}

extension ServerFindings: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in checks.indices { checks[index].detail = translate(checks[index].detail) }
        if let reason = server.tls?.reason { server.tls?.reason = translate(reason) }
        advice = advice.map(translate)
    }
}

extension DomainReport: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in findings.indices { findings[index].text = translate(findings[index].text) }
    }
}

extension IntegrityReport: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in findings.indices { findings[index].text = translate(findings[index].text) }
    }
}

extension CreatedAccounts: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in rejected.indices { rejected[index].detail = translate(rejected[index].detail) }
    }
}

extension Status: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        if let detail = error?.detail { error?.detail = translate(detail) }
    }
}

extension StatusPage: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) { entries.translate(translate) }
}

extension EventPage: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in events.indices { events[index].detail = events[index].detail.map(translate) }
    }
}

extension ImportedMigrations: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        for index in migrations.indices {
            if let detail = migrations[index].error?.detail { migrations[index].error?.detail = translate(detail) }
            migrations[index].warnings = migrations[index].warnings.map(translate)
        }
    }
}

extension Migration: LocalizedResult {
    public mutating func translate(_ translate: (String) -> String) {
        warnings = warnings.map(translate)
        if let detail = reachable?.detail { reachable?.detail = translate(detail) }
    }
}
