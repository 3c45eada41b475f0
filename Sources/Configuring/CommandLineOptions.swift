// SPDX-License-Identifier: Apache-2.0

/// A parsed command line: each flag has one value, and there is nothing else.
struct CommandLineOptions {
    /// Flags that are no keys: flag, value's name, meaning.
    static let own: [(flag: String, placeholder: String, meaning: String)] = [
        ("--admin-socket", "PATH", "listen here for the administrator: every method"),
        ("--login-socket", "PATH", "listen here for mail servers: the methods around a login"),
        ("--config", "PATH", "read this file instead of \(ConfigurationSource.defaultFile)"),
        (
            "--mailbox", "ADDRESS",
            "with --check: a mailbox of the platform's, which is entered and given a message to try"
        ),
    ]

    var wantsHelp = false
    var wantsVersion = false
    var wantsCheck = false
    /// The file alone, whatever it leads to.
    var wantsFileCheck = false
    var adminSocket: String?
    var loginSocket: String?
    var config: String?
    var mailbox: String?
    /// Two URLs: from where, and to where.
    var migration: (source: String, target: String)?
    /// `--flag=value` for each given key: the last one if repeated, all of them for a list.
    var keys: [String] = []

    /// - Parameter arguments: without the program's name.
    init(_ arguments: some Sequence<String>) throws(ConfigurationError) {
        var values: [(key: ConfigurationKey, value: String)] = []
        var rest = Array(arguments)[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-", argument != "--" else {
                throw .usage(
                    "mailmoved", "unexpected argument \(quoted(argument)); every argument is a flag\(Self.hint)")
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let flag = String(parts[0])
            let attached = parts.count == 2 ? String(parts[1]) : nil
            if ["--help", "-h", "--version", "--check", "--check-file"].contains(flag) {
                guard attached == nil else { throw .usage(flag, "takes no value\(Self.hint)") }
                switch flag {
                case "--version": wantsVersion = true
                case "--check": wantsCheck = true
                case "--check-file": wantsFileCheck = true
                default: wantsHelp = true
                }
                continue
            }
            if flag == "--migrate-database" {
                guard attached == nil, let source = rest.popFirst(), let target = rest.popFirst() else {
                    throw .usage(flag, "takes two values: sqlite:PATH postgresql://…\(Self.hint)")
                }
                migration = (source, target)
                continue
            }
            let key = ConfigurationKey.all.first { $0.flag == flag }
            let own = Self.own.first { $0.flag == flag }
            guard key != nil || own != nil else {
                let known =
                    ConfigurationKey.all.map(\.flag) + Self.own.map(\.flag) + [
                        "--help", "--version", "--check", "--check-file", "--migrate-database",
                    ]
                let meant = nearest(flag, in: known).map { "; did you mean \($0)?" } ?? ""
                throw .usage(flag, "unknown flag\(meant)\(Self.hint)")
            }
            guard let value = attached ?? (rest.first?.hasPrefix("--") == true ? nil : rest.popFirst()) else {
                let expected = key?.expected ?? "a path"
                throw .usage(flag, "the value is missing; expected \(expected)\(Self.hint)")
            }
            if let key {
                if !key.isList { values.removeAll { $0.key.name == key.name } }
                values.append((key, value))
                continue
            }
            guard !value.isEmpty else {
                throw .usage(flag, "the \(flag == "--mailbox" ? "address" : "path") is empty\(Self.hint)")
            }
            switch flag {
            case "--admin-socket": adminSocket = value
            case "--login-socket": loginSocket = value
            case "--mailbox": mailbox = value
            default: config = value
            }
        }
        keys = values.map { "\($0.key.flag)=\($0.value)" }
    }

    private static let hint = " (mailmoved --help lists all flags)"
}
