// SPDX-License-Identifier: Apache-2.0

import Configuration

/// One configuration key: all that reading, checking, `--help` and the manual page need to know of it.
public struct ConfigurationKey: Sendable {
    /// Its dotted path, such as `mailStore.maildir.path`.
    public let name: String
    /// What it does, in one line.
    public let meaning: String
    /// What a value looks like, as a noun phrase: `a whole number from 1 to 1000`.
    public let expected: String
    /// The word that stands for a value: `NUMBER`.
    public let placeholder: String
    /// The default as it would be written, or what happens without a value.
    public let defaultText: String
    /// Whether there is a default that could be written into the file.
    public let hasDefault: Bool
    /// Whether `SIGHUP` is enough to change it; otherwise a restart is needed.
    public let changesAtReload: Bool

    /// A YAML list, or a comma-separated string.
    let isList: Bool
    /// Written without quotes in YAML.
    let isNumber: Bool
    /// Whether messages may repeat a value that is refused; a URL may hold a password.
    let isSecret: Bool
    let set: @Sendable (String, inout DaemonConfiguration) throws(Rejection) -> Void
    let copy: @Sendable (DaemonConfiguration, inout DaemonConfiguration) -> Void
    let isSame: @Sendable (DaemonConfiguration, DaemonConfiguration) -> Bool

    init<Value: Equatable & Sendable>(
        _ name: String, _ form: ValueForm<Value>,
        _ property: any WritableKeyPath<DaemonConfiguration, Value> & Sendable,
        atReload changesAtReload: Bool, _ meaning: String, without absence: String = "none", isSecret: Bool = false,
        default fixed: String? = nil
    ) {
        let initial = fixed ?? form.write(DaemonConfiguration()[keyPath: property])
        self.name = name
        self.meaning = meaning
        self.expected = form.expected
        self.placeholder = form.placeholder
        self.defaultText = initial.isEmpty ? absence : initial
        self.hasDefault = !initial.isEmpty && fixed == nil
        self.changesAtReload = changesAtReload
        self.isList = form.isList
        self.isNumber = form.isNumber
        self.isSecret = isSecret
        self.set = { (text, configuration) throws(Rejection) in configuration[keyPath: property] = try form.read(text) }
        self.copy = { $1[keyPath: property] = $0[keyPath: property] }
        self.isSame = { $0[keyPath: property] == $1[keyPath: property] }
    }

    /// Its flag, such as `--mail-store-maildir-path`, as swift-configuration maps it.
    public var flag: String { encoded(path, by: Self.noArguments) }

    /// Its environment variable, such as `MAILMOVE_MAIL_STORE_MAILDIR_PATH`, as swift-configuration maps it.
    public var environmentVariable: String { encoded(environmentPath, by: Self.noEnvironment) }

    /// The key of this dotted name.
    public static func named(_ name: String) -> ConfigurationKey? { all.first { $0.name == name } }

    var path: AbsoluteConfigKey { AbsoluteConfigKey(name.split(separator: ".").map(String.init)) }
    var environmentPath: AbsoluteConfigKey { AbsoluteConfigKey(["mailmove"] + path.components) }

    private static let noArguments = CommandLineArgumentsProvider(arguments: ["mailmoved"])
    private static let noEnvironment = EnvironmentVariablesProvider(environmentVariables: [:])

    private func encoded(_ path: AbsoluteConfigKey, by provider: some ConfigProvider) -> String {
        // A provider without values only encodes; it cannot fail to convert what it does not have.
        (try? provider.value(forKey: path, type: .string).encodedKey) ?? name
    }
}
