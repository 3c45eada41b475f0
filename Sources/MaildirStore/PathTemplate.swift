// SPDX-License-Identifier: Apache-2.0

import MailStore
import Vocabulary

/// Where accounts have their Maildirs: `%u` is the address, `%n` its local part, `%d` its domain (all in the
/// lower-case form of keys), `%%` a percent sign; as in Dovecot's `mail_location`.
struct PathTemplate: Sendable {
    /// The directory that must already exist: creating it could fill the file system below an unmounted one.
    let base: String
    /// The path's components below ``base``.
    private let components: [[Piece]]

    /// How many of an account's components are its whole domain's.
    let domainComponents: Int

    private enum Piece { case text(String), address, localPart, domain }

    /// - Throws: ``FileError`` if it is not absolute, has an unknown variable, or gives all accounts one path.
    init(_ template: String) throws(FileError) {
        func invalid(_ reason: String) -> FileError {
            FileError(
                code: .failed, path: template, errno: 0,
                detail: "mailStore.maildir.path \"\(template)\" \(reason)")
        }
        guard template.hasPrefix("/") else { throw invalid("is not absolute: begin it with /") }
        guard !template.utf8.contains(0) else { throw invalid("holds a NUL") }
        var components: [[Piece]] = []
        var names = false
        for component in template.split(separator: "/") {
            guard component != "..", component != "." else { throw invalid("must not hold . or .. as a component") }
            var pieces: [Piece] = []
            var text = ""
            var rest = component[...]
            while let character = rest.popFirst() {
                guard character == "%" else {
                    text.append(character)
                    continue
                }
                let variable: Piece
                switch rest.popFirst() {
                case "%":
                    text.append("%")
                    continue
                case "u": variable = .address
                case "n": variable = .localPart
                case "d": variable = .domain
                case let other:
                    throw invalid("has the unknown variable %\(other.map(String.init) ?? ""); known: %u %n %d %%")
                }
                if case .domain = variable {} else { names = true }
                if !text.isEmpty { pieces.append(.text(text)) }
                text = ""
                pieces.append(variable)
            }
            if !text.isEmpty { pieces.append(.text(text)) }
            components.append(pieces)
        }
        guard names else { throw invalid("is the same for every account: use %u, or %d and %n") }
        let fixed = components.prefix { $0.allSatisfy { if case .text = $0 { true } else { false } } }
        self.base =
            "/"
            + fixed.map { $0.reduce(into: "") { if case .text(let text) = $1 { $0 += text } } }
            .joined(separator: "/")
        self.components = Array(components.dropFirst(fixed.count))
        domainComponents =
            self.components.prefix { component in
                component.allSatisfy {
                    switch $0 {
                    case .text, .domain: true
                    case .address, .localPart: false
                    }
                }
            }.count
    }

    /// The names below ``base``, the last of which is `account`'s Maildir.
    func components(of account: EmailAddress) -> [String] {
        components.map { pieces in
            pieces.reduce(into: "") { name, piece in
                switch piece {
                case .text(let text): name += text
                case .address: name += account.description
                case .localPart: name += account.localPart
                case .domain: name += account.domain.name
                }
            }
        }
    }
}
