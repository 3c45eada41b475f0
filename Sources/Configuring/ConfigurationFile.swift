// SPDX-License-Identifier: Apache-2.0

import Glibc
import Yams

/// What a YAML file says about each key, with line numbers.
struct ConfigurationFile {
    struct Entry {
        var text: String
        var line: Int
    }

    /// By the key's name.
    private(set) var entries: [String: Entry] = [:]
    private(set) var problems: [ConfigurationError.Problem] = []
    private let path: String
    private var lines: [String: Int] = [:]

    /// - Parameter path: for messages.
    init(_ octets: [UInt8], path: String) {
        self.path = path
        guard var yaml = String(validating: octets, as: UTF8.self) else {
            report(lineOfInvalidUTF8(octets), "the file is not in UTF-8 from here on")
            return
        }
        if yaml.unicodeScalars.first == "\u{FEFF}" { yaml.unicodeScalars.removeFirst() }
        do {
            guard let root = try compose(yaml: yaml), !root.isNull else { return }
            guard case .mapping(let mapping) = root else {
                report(root.mark?.line ?? 1, "expected keys, such as limits: {concurrentMoves: 64}")
                return
            }
            walk(mapping, below: "")
        } catch let error as YamlError {
            report(error, in: yaml)
        } catch {
            report(1, "\(error)")
        }
    }

    func subject(_ line: Int) -> String { "\(path), line \(line)" }

    private mutating func report(_ line: Int, _ detail: String) {
        problems.append(.init(subject: subject(line), detail: detail))
    }

    private mutating func walk(_ mapping: Node.Mapping, below group: String) {
        for (node, value) in mapping {
            let line = node.mark?.line ?? mapping.mark?.line ?? 1
            guard case .scalar(let scalar) = node else {
                report(line, "a key must be a word; \(group.isEmpty ? "the file" : group) has another here")
                continue
            }
            let name = group.isEmpty ? scalar.string : group + "." + scalar.string
            if let first = lines[name] {
                report(line, twice(name, first))
                continue
            }
            lines[name] = line
            // A dot in a key would otherwise read as a nested one.
            if scalar.string.contains(".") {
                let parts = name.split(separator: ".")
                let nested = parts.dropLast().reduce("") { $0 + "\($1): {" } + "\(parts.last ?? ""): …"
                let hint = ConfigurationKey.named(name).map { _ in
                    "; write \(nested)\(String(repeating: "}", count: parts.count - 1))"
                }
                report(line, "unknown key \(name)\(hint ?? suggestion(name))")
            } else if let key = ConfigurationKey.named(name) {
                take(value, for: key, line)
            } else if ConfigurationKey.groups.contains(name) {
                if case .mapping(let inner) = value {
                    walk(inner, below: name)
                } else if !value.isNull {
                    report(line, "\(name): expected keys below it: \(members(of: name))")
                }
            } else {
                report(line, "unknown key \(name)\(suggestion(name))")
            }
        }
    }

    private mutating func take(_ value: Node, for key: ConfigurationKey, _ line: Int) {
        switch value {
        case _ where value.isNull: return
        case .scalar(let scalar):
            if key.isNumber, scalar.style == .singleQuoted || scalar.style == .doubleQuoted {
                report(line, "\(key.name): expected \(key.expected), found the text \(quoted(scalar.string))")
            } else {
                entries[key.name] = Entry(text: scalar.string, line: line)
            }
        case .sequence(let sequence) where key.isList:
            let items = sequence.compactMap { $0.isNull ? nil : $0.scalar?.string }
            if items.count == sequence.count {
                entries[key.name] = Entry(text: items.joined(separator: ","), line: line)
            } else {
                report(line, "\(key.name): expected \(key.expected), found something else in the list")
            }
        case .sequence: report(line, "\(key.name): expected \(key.expected), found a list")
        case .mapping: report(line, "\(key.name): expected \(key.expected), found keys below it")
        case .alias: report(line, "\(key.name): expected \(key.expected), found an alias")
        }
    }

    private func members(of group: String) -> String {
        var seen: [Substring] = []
        for key in ConfigurationKey.all where key.name.hasPrefix(group + ".") {
            let next = key.name.dropFirst(group.count + 1).prefix { $0 != "." }
            if !seen.contains(next) { seen.append(next) }
        }
        return seen.joined(separator: ", ")
    }

    private func suggestion(_ name: String) -> String {
        let known = ConfigurationKey.all.map(\.name) + ConfigurationKey.groups.sorted()
        if let meant = nearest(name, in: known) { return "; did you mean \(meant)?" }
        // A known name in the wrong place: limits.level for log.level.
        if let last = name.split(separator: ".").last, let meant = nearest(String(last), in: known) {
            return "; did you mean \(meant)?"
        }
        return "; known are \(ConfigurationKey.all.map(\.name).joined(separator: ", "))"
    }

    private func twice(_ name: String, _ first: Int) -> String {
        "\(name) is given twice, first on line \(first); keep one of them"
    }

    private mutating func report(_ error: YamlError, in yaml: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let line = yaml.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(mark.line - 1).first
            let hint = line?.contains("\t") == true ? "; YAML is indented with spaces, never with tabs" : ""
            report(mark.line, "this is no valid YAML: \(problem)\(hint)")
        case .reader(let problem, let offset, _, _):
            let before = yaml.prefix(offset ?? 0)
            report(1 + before.count { $0.isNewline }, "this is no valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let names, let context):
            let second = lineOfDuplicate(in: yaml, after: context.mark.line)
            report(second ?? context.mark.line, twice(names.first ?? "a key", context.mark.line))
        default:
            report(1, "this is no valid YAML: \(error)")
        }
    }

    /// Yams reports only the line of a key's first appearance. The second one is at the end of the shortest prefix of
    /// the file in which Yams finds a duplicate.
    private func lineOfDuplicate(in yaml: String, after first: Int) -> Int? {
        let lines = yaml.split(separator: "\n", omittingEmptySubsequences: false)
        guard first <= lines.count else { return nil }
        return (first...lines.count).first { count in
            do {
                _ = try compose(yaml: lines.prefix(count).joined(separator: "\n") + "\n")
                return false
            } catch YamlError.duplicatedKeysInMapping {
                return true
            } catch {
                return false
            }
        }
    }

    private func lineOfInvalidUTF8(_ octets: [UInt8]) -> Int {
        var line = 1
        for part in octets.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if String(validating: part, as: UTF8.self) == nil { return line }
            line += 1
        }
        return line
    }
}

extension Node {
    /// `key:` with nothing after it, `~` or `null`: as if the key were not there.
    fileprivate var isNull: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }
}

/// Why a file could not be read.
struct FileFailure: Error, CustomStringConvertible {
    var description: String
}

extension ConfigurationSource {
    /// The contents of a file; nil if there is none.
    ///
    /// - Throws: an error whose description says why the file cannot be read.
    public static func contents(of path: String) throws -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileFailure(description: String(cString: strerror(errno)))
        }
        defer { close(file) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileFailure(description: String(cString: strerror(errno))) }
            if count == 0 { return octets }
            octets += chunk[..<count]
            // A configuration is a page or two; /dev/zero is none.
            guard octets.count <= 1 << 20 else { throw FileFailure(description: "it is longer than 1 MiB") }
        }
    }
}
