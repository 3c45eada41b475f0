// SPDX-License-Identifier: Apache-2.0

import Configuring
import Testing

/// Where the tests' file would be; it is never on disk.
let path = "/etc/mailmove/mailmoved.yaml"

/// Loads with `yaml` as the default file's text; nil is a missing file.
func load(
    _ yaml: String? = nil, flags: [String] = [], environment: [String: String] = [:]
) throws(ConfigurationError) -> (configuration: DaemonConfiguration, warnings: [String]) {
    let source = try ConfigurationSource(arguments: ["mailmoved"] + flags, environment: environment) { _ in
        yaml.map { Array($0.utf8) }
    }
    return try source.load()
}

/// What stops a start with these sources; an empty one where nothing does, which is recorded.
func failure(
    _ yaml: String? = nil, flags: [String] = [], environment: [String: String] = [:],
    location: SourceLocation = #_sourceLocation
) -> (exitCode: Int32, text: String) {
    do {
        _ = try load(yaml, flags: flags, environment: environment)
        Issue.record("it was accepted", sourceLocation: location)
        return (0, "")
    } catch {
        return (error.exitCode, error.description)
    }
}
