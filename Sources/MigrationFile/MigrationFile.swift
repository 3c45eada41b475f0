// SPDX-License-Identifier: Apache-2.0

public import JSONWire
import Yams

// Many domains' migrations in one YAML file:
//
//     defaults:                       # what is below each of them
//       oldServer: {host: 192.0.2.10, security: starttls}
//     migrations:
//       - domain: example.com
//       - domain: example.org
//         oldServer: {port: 1110}
//
// What a migration must look like is not known here: each becomes the JSON object that `enableMigration` takes.

/// A file of migrations.
public struct MigrationFile: Sendable {
    public struct Entry: Sendable {
        /// Where it begins in the file, counted from 1.
        public var line: Int
        /// With the defaults below it; nil where it is no mapping.
        public var settings: JSONObject?
    }

    public let entries: [Entry]

    /// In octets.
    public static let largest = 8 << 20
    public static let mostMigrations = 2000
    /// Values in the whole file, those of aliases counted each time.
    private static let mostValues = 2_000_000
    /// More aliases than this could stand for more values than memory holds.
    private static let mostAliases = 20

    /// - Throws: ``MigrationFileError``.
    public init(_ octets: [UInt8]) throws {
        guard octets.count <= Self.largest else { throw MigrationFileError("is larger than 8 MB; split it") }
        guard var yaml = String(validating: octets, as: UTF8.self) else {
            throw MigrationFileError("is not written in UTF-8")
        }
        if yaml.unicodeScalars.first == "\u{FEFF}" { yaml.unicodeScalars.removeFirst() }
        guard Self.aliases(in: octets) <= Self.mostAliases else {
            throw MigrationFileError("has more than \(Self.mostAliases) aliases (*name); use defaults: instead")
        }
        let root: Node
        do {
            guard let node = try compose(yaml: yaml) else { throw MigrationFileError.noMigrations }
            root = node
        } catch let error as YamlError {
            throw MigrationFileError(error)
        }
        var reader = Reader(left: Self.mostValues)
        guard case .mapping(let mapping) = root else { throw MigrationFileError.noMigrations }
        var defaults = JSONObject()
        var migrations: Node.Sequence?
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            switch key.scalar?.string {
            case "defaults":
                guard case .object(let object) = try reader.value(value, depth: 0) else {
                    throw MigrationFileError("defaults must be a mapping", line: line)
                }
                defaults = object
            case "migrations":
                guard case .sequence(let sequence) = value else {
                    throw MigrationFileError("migrations must be a list", line: line)
                }
                migrations = sequence
            default:
                throw MigrationFileError(
                    "\(key.scalar?.string.prefix(40) ?? "a key") is not known here; known are defaults, migrations",
                    line: line)
            }
        }
        guard let migrations, !migrations.isEmpty else { throw MigrationFileError.noMigrations }
        guard migrations.count <= Self.mostMigrations else {
            throw MigrationFileError("has more than \(Self.mostMigrations) migrations; split it")
        }
        entries = try migrations.map { node in
            let settings: JSONObject? =
                if case .object(let object) = try reader.value(node, depth: 0) {
                    defaults.merged(with: object)
                } else {
                    nil
                }
            return Entry(line: node.mark?.line ?? 1, settings: settings)
        }
    }

    /// How many there may be: each `*` at the beginning of a word. Those in comments are counted too.
    private static func aliases(in octets: [UInt8]) -> Int {
        var count = 0
        var before = UInt8(ascii: "\n")
        for octet in octets {
            if octet == UInt8(ascii: "*"), " \t\n\r[{,:-?".utf8.contains(before) { count += 1 }
            before = octet
        }
        return count
    }
}

/// Why a file holds no migrations.
public struct MigrationFileError: Error, Hashable, Sendable {
    /// A clause about the file: `is not written in UTF-8`.
    public let detail: String
    /// nil for the file as a whole.
    public let line: Int?

    init(_ detail: String, line: Int? = nil) {
        self.detail = detail
        self.line = line
    }

    init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init("is no YAML: \(problem)", line: mark.line)
        case .duplicatedKeysInMapping(_, let context):
            self.init("has a key twice", line: context.mark.line)
        default: self.init("is no YAML")
        }
    }

    static let noMigrations = MigrationFileError("has no migrations; they are a list under migrations:")
}

/// Makes JSON of YAML, within bounds.
private struct Reader {
    var left: Int

    mutating func value(_ node: Node, depth: Int) throws -> JSONValue {
        left -= 1
        guard left > 0 else { throw MigrationFileError("has too many values") }
        guard depth < 12 else { throw MigrationFileError("is nested too deeply", line: node.mark?.line) }
        switch node {
        case .scalar(let scalar): return Self.value(scalar)
        case .sequence(let sequence):
            var values: [JSONValue] = []
            for element in sequence { values.append(try value(element, depth: depth + 1)) }
            return .array(values)
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, inner) in mapping {
                guard let name = key.scalar?.string else {
                    throw MigrationFileError("has a key that is no word", line: key.mark?.line ?? node.mark?.line)
                }
                object[name] = try value(inner, depth: depth + 1)
            }
            return .object(object)
        case .alias: throw MigrationFileError("has an alias of nothing", line: node.mark?.line)
        }
    }

    /// Only what is plainly a number or a truth value is one: an address, a version or a fingerprint stays text.
    private static func value(_ scalar: Node.Scalar) -> JSONValue {
        let text = scalar.string
        guard scalar.style == .plain || scalar.style == .any else { return .string(text) }
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "", "~", "null": return .null
        default:
            let digits = text.first == "-" ? text.dropFirst() : text[...]
            guard (1...15).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }),
                digits.first != "0" || digits.count == 1, let number = Int64(text)
            else { return .string(text) }
            return .integer(number)
        }
    }
}
