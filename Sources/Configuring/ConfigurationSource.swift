// SPDX-License-Identifier: Apache-2.0

import Configuration
public import Vocabulary

/// Where the configuration comes from: flags, which win over `MAILMOVE_*` environment variables, which win over the
/// YAML file, which wins over the defaults.
///
/// 1. ``init(arguments:environment:readFile:)`` parses the command line (exit 64 if it is invalid).
/// 2. ``load()`` reads the file and combines everything, at the start and again at each reload.
///
/// Keys become flags and variables as swift-configuration's providers map them; lines come from the YAML's nodes.
public struct ConfigurationSource: Sendable {
    /// What the command line asks for.
    public enum Command: Sendable, Equatable {
        case run
        /// Print ``ConfigurationSource/help`` and exit 0.
        case help
        case version
        /// Say whether the configuration is in order, and exit 0 or 78.
        case checkFile
        /// The same, and try the platform's IMAP server, where mail goes there.
        case check(mailbox: EmailAddress?)
        /// Take everything along from a SQLite database into a PostgreSQL database, and exit.
        case migrateDatabase(path: String, url: String)
    }

    /// Read unless another file is named; it may be absent.
    public static let defaultFile = "/etc/mailmove/mailmoved.yaml"

    public let command: Command
    /// `--admin-socket`.
    public let adminSocket: String?
    /// `--login-socket`.
    public let loginSocket: String?
    /// The file that ``load()`` reads.
    public let file: String

    /// What named the file: a flag or a variable; nil for the default.
    private let fileNamedBy: String?
    private let flags: CommandLineArgumentsProvider
    private let variables: EnvironmentVariablesProvider
    private let environment: [String: String]
    private let readFile: @Sendable (String) throws -> [UInt8]?

    /// - Parameters:
    ///   - arguments: the command line, the program's name first.
    ///   - environment: an empty variable is as good as none.
    ///   - readFile: the octets of the file at a path, nil where there is none.
    /// - Throws: ``ConfigurationError`` (`usage`).
    public init(
        arguments: [String], environment: [String: String],
        readFile: @escaping @Sendable (String) throws -> [UInt8]? = ConfigurationSource.contents(of:)
    ) throws(ConfigurationError) {
        let options = try CommandLineOptions(arguments.dropFirst())
        let environment = environment.filter { !$0.value.isEmpty }
        if let migration = options.migration, !options.wantsHelp {
            guard let path = DatabaseURL.sqlitePath(migration.source, state: "/var/lib/mailmove"),
                DatabaseURL.isPostgreSQL(migration.target)
            else {
                throw .usage(
                    "--migrate-database",
                    "takes the URL of a SQLite database (sqlite:/PATH) and one that begins with "
                        + "postgresql://")
            }
            command = .migrateDatabase(path: path, url: migration.target)
        } else {
            let mailbox = try Self.mailbox(options)
            command =
                options.wantsHelp
                ? .help
                : options.wantsVersion
                    ? .version
                    : options.wantsCheck ? .check(mailbox: mailbox) : options.wantsFileCheck ? .checkFile : .run
        }
        adminSocket = options.adminSocket
        loginSocket = options.loginSocket
        fileNamedBy =
            options.config != nil ? "--config" : environment["MAILMOVE_CONFIG"] != nil ? "MAILMOVE_CONFIG" : nil
        file = options.config ?? environment["MAILMOVE_CONFIG"] ?? Self.defaultFile
        flags = CommandLineArgumentsProvider(arguments: ["mailmoved"] + options.keys)
        variables = EnvironmentVariablesProvider(environmentVariables: environment)
        self.environment = environment
        self.readFile = readFile
    }

    private static func mailbox(_ options: CommandLineOptions) throws(ConfigurationError) -> EmailAddress? {
        guard let text = options.mailbox else { return nil }
        guard options.wantsCheck else { throw .usage("--mailbox", "goes with --check alone") }
        guard let address = try? EmailAddress(text) else {
            throw .usage("--mailbox", "expected an address, found \(quoted(text))")
        }
        return address
    }

    /// The configuration, and warnings about oddities that are no errors, one sentence each.
    ///
    /// - Throws: ``ConfigurationError``, with everything that is wrong.
    public func load() throws(ConfigurationError) -> (configuration: DaemonConfiguration, warnings: [String]) {
        var configuration = DaemonConfiguration()
        if let state = environment["STATE_DIRECTORY"]?.split(separator: ":").first {
            configuration.stateDirectory = String(state)
        }
        var reading = Reading(configuration)
        if let yaml = yaml(&reading) {
            for key in ConfigurationKey.all {
                guard let entry = yaml.entries[key.name] else { continue }
                reading.take(entry.text, for: key, from: .file(yaml.subject(entry.line)))
            }
        }
        for key in ConfigurationKey.all {
            if let text = variables.text(key.environmentPath, as: .string) {
                reading.take(text, for: key, from: .variable(key.environmentVariable))
            }
        }
        for key in ConfigurationKey.all {
            // The flags' provider treats a comma as the end of an item, even in a path.
            if let text = flags.text(key.path, as: .stringArray) { reading.take(text, for: key, from: .flag(key.flag)) }
        }
        return try reading.result(warnings: unknownVariables)
    }

    private func yaml(_ reading: inout Reading) -> ConfigurationFile? {
        let named = fileNamedBy.map { ", named by \($0)," } ?? ""
        do {
            if let octets = try readFile(file) {
                let yaml = ConfigurationFile(octets, path: file)
                reading.problems += yaml.problems
                return yaml
            }
            if fileNamedBy != nil { reading.report(file, "the configuration file\(named) does not exist") }
        } catch {
            reading.report(file, "the configuration file\(named) cannot be read: \(error)")
        }
        return nil
    }

    /// A mistyped variable is not fatal: the environment belongs to others as well.
    private var unknownVariables: [String] {
        // The clients' own variables may well be set for the daemon too.
        let known = ConfigurationKey.all.map(\.environmentVariable)
        let others = ["MAILMOVE_CONFIG", "MAILMOVE_SOCKET", "MAILMOVE_LOGIN_SOCKET"]
        return environment.keys.sorted().filter {
            $0.hasPrefix("MAILMOVE_") && !known.contains($0) && !others.contains($0)
        }.map { name in
            let meant = nearest(name, in: known).map { "; did you mean \($0)?" } ?? ""
            return "environment variable \(name) is not known and has no effect\(meant)"
        }
    }
}

/// A configuration in the making: each source in turn sets what it has.
private struct Reading {
    enum Origin {
        case file(String)
        case variable(String)
        case flag(String)

        var subject: String {
            switch self {
            case .file(let subject), .variable(let subject), .flag(let subject): subject
            }
        }
    }

    var problems: [ConfigurationError.Problem] = []
    private var configuration: DaemonConfiguration
    private var origins: [String: Origin] = [:]

    init(_ configuration: DaemonConfiguration) { self.configuration = configuration }

    mutating func report(_ subject: String, _ detail: String) {
        problems.append(.init(subject: subject, detail: detail))
    }

    /// A value that a later source overrides is checked nevertheless: it could prevent another start.
    mutating func take(_ text: String, for key: ConfigurationKey, from origin: Origin) {
        let text = text.trimmed
        do {
            try key.set(text, &configuration)
            origins[key.name] = origin
        } catch {
            let found = key.isSecret ? "" : ", found \(quoted(text))"
            let detail = error.detail.isEmpty ? "" : " (\(error.detail))"
            report(origin.subject, "\(key.name): expected \(key.expected)\(found)\(detail)")
        }
    }

    func result(warnings: [String]) throws(ConfigurationError) -> (DaemonConfiguration, [String]) {
        var problems = problems
        func refuse(_ name: String, _ detail: String) {
            // What is missing has no place of its own.
            let place = origins[name]?.subject
            problems.append(.init(subject: place ?? name, detail: place == nil ? detail : "\(name): \(detail)"))
        }
        if configuration.mailStore.kind == .imap {
            for (name, detail) in configuration.mailStore.imap.faults { refuse(name, detail) }
        }
        if case .flag? = origins["database.url"], DatabaseURL.holdsPassword(configuration.databaseURL) {
            refuse(
                "database.url",
                "a password must not stand in an argument, which everybody can read: give it in the credential "
                    + "database-password, a passfile or the service file")
        }
        // A value that was refused is missing, which says nothing new.
        for problem in problems.isEmpty ? configuration.accounts.problems : [] { refuse(problem.key, problem.detail) }
        guard problems.isEmpty else { throw ConfigurationError(.configuration, problems) }
        var warnings = warnings + configuration.accounts.warnings
        let path = configuration.mailStore.maildirPath.replacing("%%", with: "")
        if !path.contains("%u"), !path.contains("%n") {
            warnings.append(
                "mailStore.maildir.path has neither %u nor %n: the mail of all accounts goes into one Maildir")
        }
        return (configuration, warnings)
    }
}

extension ConfigProvider {
    /// The value as it was written.
    fileprivate func text(_ path: AbsoluteConfigKey, as type: ConfigType) -> String? {
        // Texts convert to texts: nothing is thrown, and an absent value is nil.
        switch try? value(forKey: path, type: type).value?.content {
        case .string(let text): text
        case .stringArray(let items): items.joined(separator: ",")
        default: nil
        }
    }
}
